"""Patterns of lines that are not the article.

Each rule reads a whole line, so that an article *about* subscriptions, copyright or editors keeps
its sentences: a rule wants the line to be nothing but the notice, or to begin as only a notice
does. Every pattern is linear: bounded repeats, no nested ones over the same characters.
"""

from service.cleaning.rules.bylines import BYLINES
from service.cleaning.rules.channels import CHANNELS
from service.cleaning.rules.credits import CREDITS
from service.cleaning.rules.furniture import FURNITURE
from service.cleaning.rules.notices import NOTICES
from service.cleaning.rules.references import REFERENCES
from service.cleaning.rules.rule import Rule

RULES: tuple[Rule, ...] = (*NOTICES, *CREDITS, *BYLINES, *FURNITURE, *CHANNELS, *REFERENCES)
"""In their order of precedence: the first rule that matches a line gives its kind."""
