"""The same numbers from thousands of sessions to a hundred million: what streams is rows, what stays is sums.

Needs `pip install 'openrapport[population]'`; with `[spark]` the same expressions run on Apache Spark.
"""
