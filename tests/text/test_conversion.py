"""Words whose characters are two in Traditional Chinese, and phrases that no two words may make."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.text.conversion import convert, to_traditional_words
from service.text.script import to_script

# Simplified=Traditional, as Taiwan writes them.
WORDS = """
发明=發明 发现=發現 出发=出發 头发=頭髮 理发=理髮 白发=白髮 毛发=毛髮 发型=髮型
发廊=髮廊 后来=後來 以后=以後 皇后=皇后 太后=太后 后妃=后妃 落后=落後 后面=後面
里面=裡面 公里=公里 邻里=鄰里 故里=故里 心里=心裡 干净=乾淨 干燥=乾燥 饼干=餅乾
干杯=乾杯 干部=幹部 树干=樹幹 干活=幹活 能干=能幹 干涉=干涉 若干=若干 干扰=干擾
面条=麵條 面粉=麵粉 方便面=方便麵 见面=見面 方面=方面 台湾=臺灣 台风=颱風 系统=系統
关系=關係 联系=聯繫 体系=體系 维系=維繫 只有=只有 一只=一隻 船只=船隻 松树=松樹
放松=放鬆 轻松=輕鬆 松柏=松柏 山谷=山谷 稻谷=稻穀 五谷=五穀 谷物=穀物 丑陋=醜陋
小丑=小丑 丑闻=醜聞 北斗=北斗 战斗=戰鬥 奋斗=奮鬥 斗争=鬥爭 漏斗=漏斗 范围=範圍
模范=模範 示范=示範 规范=規範 复杂=複雜 恢复=恢復 重复=重複 答复=答覆 复习=複習
复制=複製 反复=反覆 白云=白雲 人云亦云=人云亦云 冲突=衝突 冲洗=沖洗 冲动=衝動 冲水=沖水
准备=準備 标准=標準 批准=批准 不准=不准 准许=准許 几乎=幾乎 茶几=茶几 试卷=試卷
卷入=捲入 龙卷风=龍捲風 生姜=生薑 时钟=時鐘 钟情=鍾情 闹钟=鬧鐘 刮风=颳風 刮胡子=刮鬍子
胡须=鬍鬚 胡说=胡說 二胡=二胡 余额=餘額 剩余=剩餘 业余=業餘 于是=於是 关于=關於
由于=由於 沈阳=瀋陽 制造=製造 制度=制度 制作=製作 限制=限制 控制=控制 采访=採訪
采购=採購 风采=風采 神采=神采 表格=表格 手表=手錶 钟表=鐘錶 代表=代表 发表=發表
别人=別人 别扭=彆扭 并且=並且 合并=合併 吞并=吞併 当然=當然 叮当=叮噹 党员=黨員
冬天=冬天 咚咚=咚咚 动荡=動盪 淀粉=澱粉 电表=電錶 吊唁=弔唁 吁请=籲請 呼吁=呼籲
谷雨=穀雨 伙伴=夥伴 伙食=伙食 获得=獲得 收获=收穫 饥饿=飢餓 饥荒=饑荒 积极=積極
家伙=傢伙 价值=價值 开水=開水 克服=克服 夸奖=誇獎 困难=困難 困倦=睏倦 蜡烛=蠟燭
累积=累積 历史=歷史 日历=日曆 经历=經歷 帘子=簾子 明了=明瞭 瞭望=瞭望 灵魂=靈魂
蒙古=蒙古 蒙骗=矇騙 弥漫=瀰漫 弥补=彌補 面孔=面孔 蔑视=蔑視 辟谣=闢謠 开辟=開闢
复辟=復辟 苹果=蘋果 仆人=僕人 前仆后继=前仆後繼 朴素=樸素 千万=千萬 秋千=鞦韆 牵引=牽引
签名=簽名 书签=書籤 抽签=抽籤 确实=確實 舍弃=捨棄 宿舍=宿舍 升级=升級 升华=昇華
圣人=聖人 术语=術語 白术=白朮 台阶=臺階 叹息=嘆息 体育=體育 铁路=鐵路 同意=同意
涂抹=塗抹 团体=團體 饭团=飯糰 万一=萬一 网络=網絡 为了=為了 象征=象徵 征服=征服
征求=徵求 志愿=志願 杂志=雜誌 标志=標誌 致命=致命 精致=精緻 制服=制服 种类=種類
周末=週末 周围=周圍 朱砂=硃砂 注意=注意 注册=註冊 筑路=築路 准确=準確 浊水=濁水
总统=總統 郁闷=鬱悶 馥郁=馥郁 愿望=願望 占领=佔領 占卜=占卜 征兆=徵兆 症状=症狀
症结=癥結 只能=只能 咸味=鹹味 咸丰=咸豐 向往=嚮往 方向=方向 须要=須要 必须=必須
叶子=葉子 御用=御用 防御=防禦 游泳=游泳 旅游=旅遊 优秀=優秀 尤其=尤其
"""
PAIRS = [tuple(pair.split("=")) for pair in WORDS.split()]


def test_two_hundred_words_are_converted_both_ways() -> None:
    assert len(set(PAIRS)) >= 200
    there = {simplified: to_script(simplified, "Hant") for simplified, _ in PAIRS}
    back = {traditional: to_script(traditional, "Hans") for _, traditional in PAIRS}
    assert there == dict(PAIRS)
    assert back == {traditional: simplified for simplified, traditional in PAIRS}


@pytest.mark.parametrize(
    ("simplified", "traditional"),
    [
        ("这项被发明的技术展示了如何参与制造设备。", "這項被發明的技術展示了如何參與製造設備。"),
        ("他被发展部派去，理发后来电。", "他被發展部派去，理髮後來電。"),
        ("这只猫和三只松鼠走了几里路。", "這隻貓和三隻松鼠走了幾里路。"),
        ("姓范的和于先生、余小姐谈模范与范围。", "姓范的和于先生、余小姐談模範與範圍。"),
        ("老百姓于今年起不准停车。", "老百姓於今年起不准停車。"),
        ("钟先生手表的报道", "鍾先生手錶的報道"),
        ("The firm OpenAI 被发现 in 2027.", "The firm OpenAI 被發現 in 2027."),
    ],
)
def test_no_phrase_grows_across_two_words(simplified: str, traditional: str) -> None:
    assert to_script(simplified, "Hant") == traditional


@given(st.text(st.sampled_from("被发明展示了如何参与制造只里后面干范于，a"), max_size=30))
def test_length_and_all_that_is_not_chinese_stay(text: str) -> None:
    converted = to_traditional_words(text)
    assert len(converted) == len(convert("s2tw", text))
    assert [c for c in converted if c in "，a"] == [c for c in text if c in "，a"]
