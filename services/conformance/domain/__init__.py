"""The cases and how they are judged, pure."""
