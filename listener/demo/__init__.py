"""Hold the bundled demo: an invented world, its archive and the generator of both."""
