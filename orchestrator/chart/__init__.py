"""A Helm chart of a plan: the objects of `render`, with holes where a value may change them.

Everything the rules have checked is final in a chart; only what operators may change is a value.
"""
