"""Places that mentions come from, one a file."""
