"""Pictures of the library's results. Needs `pip install 'openrapport[plots]'`; matplotlib waits until one is drawn.

Every `draw_...` takes a result and gives a matplotlib Figure; the `describe_...` beside it says the same in a sentence.
"""
