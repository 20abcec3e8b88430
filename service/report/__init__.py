"""The report: stories, briefs, stances and facts as one page that needs no network."""
