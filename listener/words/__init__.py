"""Cut texts into words and terms, in any script; set aside the words that say nothing."""

from listener.words.cutting import hashtags_of, is_about, name_words, terms_among, terms_of, word_row, words_of

__all__ = ["hashtags_of", "is_about", "name_words", "terms_among", "terms_of", "word_row", "words_of"]
