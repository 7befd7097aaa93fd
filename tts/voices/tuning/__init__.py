"""A voice from minutes of speech: low-rank changes of the GPT and the decoder, as long as held-out clips gain by it.

What speaks does not import this package: it trains, by the stages that conf/stage names.
"""
