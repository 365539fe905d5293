"""Where a call says it happened: from declared names, an address or free words to a division."""
