"""The product's prompts, one a file: `<name>/<version>.md`."""
