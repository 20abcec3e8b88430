"""An article in English and in Chinese, whose perplexity by llama.cpp is known."""

ENGLISH = """\
The old lighthouse at the mouth of the river was built in 1871, and for more than a hundred years \
a keeper lived there with his family. In the winter of 1962 the sea froze, and for eleven days no \
ship could reach the harbour. Since 1984 the lamp has been switched on and off by a computer in \
the town hall. The council now wants to open the tower to visitors, who would have to climb 142 \
steps. Some residents fear that the narrow road along the cliff can't carry so many cars."""
CHINESE = """\
这座古老的灯塔建于1871年，位于河口，一百多年来一直有守塔人和他的家人住在那里。1962年冬天海面结冰，\
整整十一天没有一艘船能够进港。自1984年以来，灯的开关由镇政府的一台计算机控制。现在镇议会希望向游客\
开放灯塔，游客需要爬142级台阶。一些居民担心，悬崖边那条狭窄的道路容纳不了这么多汽车。"""
