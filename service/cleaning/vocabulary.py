"""The words that the furniture of a page is made of, as parts of regular expressions."""

from service.facts.numerals.dates import SHORT_MONTHS
from service.text.han import HAN

ROLE = (
    r"(?:本版)?(?:文字?|图文|圖文|文图|撰文|撰稿人?|作者|采写|採寫|执笔|執筆|编译|編譯|翻译"
    r"|翻譯|译者|譯者|校对|校對|审校|審校"
    r"|审核|審核|核稿|监制|監製|策划|策劃|排版|美编|美編|主编|主編|总编|總編|编辑|編輯"
    r"|责任?编辑|責任?編輯|责编|責編"
    r"|编审|編審|记者|記者|本报记者|本報記者|特派记者|特派記者|通讯员|通訊員|实习生|實習生"
    r"|实习记者|實習記者|见习记者|見習記者"
    r"|整理|采访|採訪|采访整理|图|圖|摄影|攝影|来源|來源|稿源|文章来源|文章來源|信息来源"
    r"|新闻来源)"
)
MARK = r"[：:／/丨｜|]"
# A person's or a desk's name, and a row of them.
HAN_NAME = rf"(?:(?![和与與及])[{HAN}·]){{2,6}}"
LATIN_NAME = r"(?-i:[A-Z][\w.’'\-]{0,20}(?: (?:[A-Z][\w.’'\-]{0,20}|de|van|von|bin)){0,3})"
FULL_NAME = r"(?-i:[A-Z][\w.’'\-]{0,20}(?: (?:[A-Z][\w.’'\-]{0,20}|de|van|von|bin)){1,3})"
NAME = rf"(?!{ROLE}\s?{MARK})(?:{HAN_NAME}|{LATIN_NAME})"
# Atomic, so that a long row of names is tried in one way only.
NAMES = (
    rf"(?>{NAME}(?:(?:\s?[、，,/&;]\s?| ?(?:和|与|與|及) ?| and "
    rf"| (?=[{HAN}])){NAME}){{0,8}})"
)
ZH_BYLINE = (
    rf"[（(【\[]?\s?{ROLE}\s?{MARK}\s?{NAMES}(?:[\s，,;；|｜/／]{{1,3}}{ROLE}\s?{MARK}\s?{NAMES}){{0,8}}"
    r"\s?[）)】\]]?"
)
REPORTER = (
    rf"[（(【\[〔]?(?:(?:本[报報刊网網台臺]|[{HAN}]{{2,8}}[报報网網社台臺])?\s?(?:特派|特约"
    r"|特約|实习|實習|见习|見習)?"
    rf"(?:记者|記者))[\s：:]?\s?{NAMES}"
    rf"(?:\s(?:实习生|實習生|通讯员|通訊員|实习记者"
    rf"|實習記者)\s?{NAMES})?(?:\s?[／/]\s?[{HAN}]{{2,6}}"
    rf"(?:[报報][导導道]|电|電))?[）)】\]〕]?"
)
AGENCIES = (
    r"(?:路透社?|法新社?|美[联聯]社|新[华華]社|中新社|彭博社?|中央社|欧新社|歐新社|共同社"
    r"|视觉中国|視覺中國|东方IC|CFP"
    r"|AP(?: Photo)?|AFP|EPA|Reuters|Bloomberg|Xinhua|Getty(?: Images)?|Shutterstock|Unsplash"
    r"|(?:网[络絡]|網[絡路]|[资資]料|受[访訪]者)[图圖照][片]?|作者提供|[资資]料照片?)"
)
PHOTO_ZH = (
    r"(?:图片?来源|圖片?來源|图源|圖源|照片?来源|照片?來源|图片|圖片|照片|题图|題圖"
    r"|资料图片?|資料圖片?|资料照片?|資料照片?"
    r"|图说|圖說|图注|圖注|图片?说明|圖片?說明|摄影|攝影|影像來源|封面图|封面圖|首图|首圖"
    r"|翻摄自?|翻攝自?|图|圖)"
)

SHARE_EN = (
    r"(?:share|tweet|pin|e-?mail|print|facebook|twitter|x|linkedin|reddit|whatsapp|telegram|weibo"
    r"|wechat|line|threads|bluesky|pinterest|messenger|instagram|youtube|flipboard|copy|link|url"
    r"|this|the|story|article|post|page|via|to|on|with|by|your|friends?|button|buttons|save|for"
    r"|later|comment|comments|more|options|bookmark|it|now|a)"
)
SHARE_ZH = (
    r"(?:一键|一鍵|分享|转发|轉發|转载|轉載|点击|點擊|收藏|点赞|點讚|點贊|按讚|在看|微信"
    r"|微博|新浪|腾讯|朋友圈|好友|空间|空間"
    r"|QQ|脸书|臉書|推特|Facebook|Twitter|LINE|LinkedIn|Threads|WhatsApp|Telegram|Email"
    r"|Plurk|微信好友"
    r"|复制|複製|连结|連結|链接|鏈接|列印|打印|本页|本頁|举报|舉報|评论|評論|留言|本文|文章"
    r"|本篇|这篇|這篇|此文|给|給|到|至"
    r"|按钮|按鈕|一下|更多|扫一扫|掃一掃|X|用|的|手机|手機|阅读|閱讀)"
)
GAP = r"[\s|｜·•/／,，、:：!！.。>»\-–—]"

NAV_EN = (
    r"(?:home|contact(?: us)?|about(?: us)?|advertise(?: with us)?|advertising"
    r"|terms(?: of (?:use|service))?"
    r"|terms (?:and|&) conditions|privacy(?: policy| notice)?|cookies?(?: policy| settings"
    r"| notice)?"
    r"|careers|jobs|sitemap|site map|help|faqs?|accessibility|corrections|newsletters?"
    r"|log ?in|sign in"
    r"|sign up|register|subscribe|menu|search|rss|archives?|legal|do not sell my info|store"
    r"|podcasts?"
    r"|e-?paper|events|sports?|world|politics|business|opinion|culture|tech|technology"
    r"|science|news"
    r"|local|climate|health|video|videos|photos|weather|account|my account|back to top|top)"
)
NAV_ZH = (
    r"(?:首页|首頁|关于我们|關於我們|联系我们|聯絡我們|聯繫我們|广告服务|廣告服務|广告刊登"
    r"|廣告刊登|隐私政策|隱私政策|隱私權政策"
    r"|隱私權聲明|服务条款|服務條款|使用条款|使用條款|网站地图|網站地圖|招聘信息|招聘"
    r"|诚聘英才|人才招聘|加入我们|加入我們|法律声明"
    r"|法律聲明|版权声明|版權聲明|免责声明|免責聲明|友情链接|友情鏈接|帮助中心|意见反馈"
    r"|客服中心|會員中心|会员中心|登录|登錄|登入"
    r"|注册|註冊|举报|订阅|訂閱|网站首页|手机版|手機版|返回首页|回首頁|返回顶部|回頂端|RSS"
    r"|APP|App|繁體|简体|繁体|簡體|EN|English"
    r"|要闻|要聞|国际|國際|国内|財經|财经|科技|体育|體育|娱乐|娛樂|社会|社會|生活|评论|評論"
    r"|视频|視頻|图片|圖片|专题|專題|政治"
    r"|军事|軍事|文化|教育|健康|汽车|房产|即時|熱門|热门|兩岸|地方|藝文)"
)

MONTH = rf"(?:{'|'.join(SHORT_MONTHS)})[a-z]{{0,6}}\.?"
DAY_OF_WEEK = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,? "
DATE = (
    r"(?:\d{4}\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}\s?日?(?:\s?[（(]?星期[一二三四五六日天][）)]?)?"
    r"|\d{1,2}月\d{1,2}日"
    rf"|(?:{DAY_OF_WEEK})?(?:\d{{1,2}} {MONTH},? \d{{4}}|{MONTH}(?: \d{{1,2}},?)? \d{{4}}))"
)
CLOCK = r"(?:,?\s?(?:at )?\d{1,2}[:.：]\d{2}(?:[:：]\d{2})?(?:\s?[ap]\.?m\.?)?(?:\s?[A-Z]{2,4})?)"
