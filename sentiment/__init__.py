"""Text in, score out."""
