"""Short stories of one page, each in English and in Chinese."""

HARBOUR_EN = (
    "Harbour to test driverless cranes\n"
    "The port authority will test driverless cranes at its eastern terminal from March. Twelve"
    " cranes are to load container ships at night, and the authority expects to save nine per cent"
    " of the terminal's energy. Dock workers fear for their posts.\n"
    "Union asks for guarantees\n"
    "The dock workers' union asked the port authority for written guarantees. It wants every crane"
    " driver at the terminal to be trained for the new control room, and no post to be lost before"
    " the test of the driverless cranes has ended. The authority said it would answer in a month."
)
BREAD_EN = (
    "Village bakes its own bread again\n"
    "After eleven years without a bakery, a mountain village has opened one that its people own"
    " together. Two hundred households bought shares at fifty euros each, and a retired miller"
    " grinds the rye. The oven was lit on Sunday, with music, and the first hundred loaves were"
    " gone within an hour. A second baker is to be hired before winter comes to the valley."
)
OWLS_EN = (
    "Owls return to the old observatory\n"
    "Biologists counted seven pairs of barn owls in the dome of a disused observatory this summer,"
    " the most since counting began. Nest boxes, darkness and plenty of voles explain the success,"
    " they write in a journal of ornithology. The telescope will stay covered until the chicks"
    " have fledged, and visitors are asked to whisper near the dome at dusk."
)
HARBOUR_ZH = (
    "港口将测试无人起重机\n"
    "港务局将从三月起在东码头测试无人驾驶起重机。十二台起重机将在夜间为集装箱船装卸，港务局预计可节省码头百分之九的能源。"
    "码头工人担心失去岗位，工会已要求会面。港务局表示测试为期半年，其间不会裁减起重机司机。\n"
    "工会要求书面保证\n"
    "码头工会要求港务局作出书面保证，让东码头每一名起重机司机都接受新控制室的培训，并且在无人起重机测试结束之前不裁减岗位。"
    "港务局说将在一个月内答复工会，测试时间表暂时不变。"
)
BREAD_ZH = (
    "山村重新烤起自己的面包\n"
    "一座山村十一年没有面包店，如今村民合伙开了一家。二百户人家各以五十欧元入股，一位退休磨坊主负责磨黑麦。"
    "烤炉星期天在乐声中点燃，头一百个面包一小时内售罄。村里打算入冬之前再请一位面包师，并向邻村的学校供应早餐。"
    "入股的人家每周可以领一个面包，年底再分红利。磨坊主说，山上的泉水让面团更有韧劲，他愿意教年轻人揉面。"
)
OWLS_ZH = (
    "猫头鹰回到旧天文台\n"
    "生物学家今年夏天在一座废弃天文台的圆顶里数到七对仓鸮，是有记录以来最多的一次。他们在鸟类学期刊上写道，巢箱、黑暗和充足的田鼠"
    "解释了这一成功。望远镜将一直盖着，直到雏鸟学会飞翔，参观者黄昏时请轻声说话。研究人员还在附近的钟楼装了摄像头，"
    "打算明年春天比较两处雏鸟的体重。去年冬天的暴雪曾让仓鸮数量减半，这次恢复之快出乎意料。"
)
