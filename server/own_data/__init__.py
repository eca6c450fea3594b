"""Everything that is kept about one person, put together for herself (GDPR, article 15; F99, F144).

    asked (a page) ──▶ own_bundle ──▶ making, a step for each conversation and source ──▶ zip, read from rows

A conversation is told as itself, everything else as lists: one ``Source`` a kind. Whoever adds a table that
refers to a person adds a source to ``sources.SOURCES``, or the table to ``sources.EXCEPTIONS`` with the
reason; a test fails until that is done. What is told is what she may see, asked through the features and
their rules: nothing here decides that.
"""
