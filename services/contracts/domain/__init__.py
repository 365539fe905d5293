"""Which changes of a published schema break its readers, pure."""
