"""Hear what is said in public about a brand: the kernel and the application."""
