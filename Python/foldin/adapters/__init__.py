"""Foldin's models inside other frameworks: one module for each of Cornac, irspack, LensKit, RecPack and RecTools.

A module needs the framework that it is named after, and nothing else imports it.
"""
