"""The command `scaffold-connector`: flags in, a connector out. Copier does the work, from the template's own address.

Only this package is in the distribution. What it knows of the questions are the question files themselves, which the
wheel carries beside it; everything else comes with the template, at the version that is used.
"""
