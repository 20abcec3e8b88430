"""The Chinese of what the terminal shows, by its English. `{gap}` is what differs each time."""

TEMPLATES = {
    # The folder run
    "digesting": "正在处理",
    "left": "剩余",
    "{rate} articles/min": "{rate} 篇/分钟",
    "{done} of {total}, {rate}": "已完成 {done}/{total}，{rate}",
    ", about {seconds} s left": "，预计还需 {seconds} 秒",
    "FAILED": "失败",
    "Article": "文章",
    "English": "英文",
    "Stance": "立场",
    "stance": "立场",
    "abstractive": "模型撰写",
    "translated": "逐句翻译",
    "extractive": "原文句子",
    "keyfacts": "要点",
    "… and {hidden} more.": "……另有 {hidden} 篇。",
    "{digested} digested, {skipped} done before, {failed} failed → {path}": (
        "本次完成 {digested} 篇，此前已完成 {skipped} 篇，失败 {failed} 篇 → {path}"
    ),
    "stopped; run it again to go on. What is done: {path}": (
        "已停止，重新运行即可继续。已完成的结果：{path}"
    ),
    "nothing to read: no .txt, .md, .html, .json or .jsonl file in {paths}": (
        "没有可读的文件：{paths} 中没有 .txt、.md、.html、.json 或 .jsonl 文件"
    ),
    "There is no file or folder named {name}.": "没有名为 {name} 的文件或文件夹。",
    "another run is writing to {folder}": "另一个进程正在写入 {folder}",
    "can't write to {folder}: {reason}": "无法写入 {folder}：{reason}",
    "can't write {path}: {reason}": "无法写入 {path}：{reason}",
    "can't arrange {path}: {reason}": "无法整理 {path}：{reason}",
    "--languages takes en, zh or en,zh, not {given}": "--languages 只接受 en、zh 或 en,zh，不接受 {given}",
    "--format takes {known}, not {given}": "--format 只接受 {known}，不接受 {given}",
    "--format {name} needs the package {package}: pip install 'diglot[export]'": (
        "--format {name} 需要 {package} 包：pip install 'diglot[export]'"
    ),
    "stories: {stories} → {path}": "新闻：{stories} 则 → {path}",
    "no report of {count} articles; --report makes one": (
        "共 {count} 篇文章，没有生成报告；可用 --report 生成"
    ),
    "can't read {path}: {reason}": "无法读取 {path}：{reason}",
    # A run on a Ray cluster
    "--on ray needs the package ray: pip install 'diglot[ray]'": (
        "--on ray 需要 ray 包：pip install 'diglot[ray]'"
    ),
    "object storage needs the package pyarrow: pip install 'diglot[ray]'": (
        "读写对象存储需要 pyarrow 包：pip install 'diglot[ray]'"
    ),
    "{address} can't be opened: {reason}": "无法打开 {address}：{reason}",
    "the Ray cluster at {address} can't be used: {reason}": "无法使用位于 {address} 的 Ray 集群：{reason}",
    "Ray can't be started: {reason}": "无法启动 Ray：{reason}",
    "no node has {threads} cores for a worker, at most {most}: --threads says how many it takes": (
        "没有节点能为每个引擎提供 {threads} 个核心，最多 {most} 个；--threads 决定每个引擎占用几个"
    ),
    "the workers differ, so that their results would: one has {one}, another {other}": (
        "各节点的引擎不一致，结果也会不一致：一个是 {one}，另一个是 {other}"
    ),
    "the engine's process died {times} times while it loaded; is there enough memory for each worker?": (
        "引擎进程在加载时退出了 {times} 次；每个引擎的内存够用吗？"
    ),
    "the engine's process died {times} times, and digested nothing in between; is there enough memory for each worker?": (
        "引擎进程连续退出了 {times} 次，其间没有处理完任何文章；每个引擎的内存够用吗？"
    ),
    "the engine's process died of this article {times} times": "处理这篇文章时，引擎进程退出了 {times} 次",
    "no worker is ready yet: the engines load, or no node has room for one": (
        "还没有可用的引擎：正在加载，或没有节点能容纳一个引擎"
    ),
    "worker {number} broke: {reason}": "{number} 号引擎出错：{reason}",
    "worker {number} died; what it had is tried again, one article at a time": (
        "{number} 号引擎的进程已退出；它手上的文章将逐篇重试"
    ),
    "{part} can't be read. Remove it, and its articles are digested again": (
        "无法读取 {part}。删除它，其中的文章会重新处理"
    ),
    "each failed article has its error in the column `error`": "失败的文章，原因在 `error` 列",
    "--remote-budget is counted by each process, so --on ray does not take it": (
        "--remote-budget 由各进程分别计算，因此不能与 --on ray 一起使用"
    ),
    "--on ray writes Parquet partitions; --format is for a run of one machine": (
        "--on ray 写出 Parquet 分区；--format 只用于单机运行"
    ),
    "--on ray makes no report: it would need all articles in one memory. Digest those that it is to hold without --on ray": (
        "--on ray 不生成报告，因为那需要把所有文章放进同一内存。请对要放进报告的文章运行时不加 --on ray"
    ),
    "--on ray reads files, and not {given}: save it as a file": "--on ray 只读文件，不读 {given}：请先存为文件",
    "nothing to read in {paths}": "没有可读的内容：{paths}",
    # Following feeds
    "new articles: {count}": "新增文章：{count} 篇",
    "--every takes a time such as 90s, 30m, 6h or 1d, not {given}": (
        "--every 接受 90s、30m、6h、1d 这样的时间，不接受 {given}"
    ),
    "{file} is neither an http(s) address nor a file": "{file} 既不是 http(s) 网址，也不是文件",
    "{file} is not an OPML file: {reason}": "{file} 不是 OPML 文件：{reason}",
    "{file} names no feed": "{file} 中没有订阅源",
    # Tables, feeds and web archives
    "The table can't be read: {reason}": "无法读取表格：{reason}",
    "No column is named {column}; there are: {known}. --column names one.": (
        "没有名为 {column} 的列；现有：{known}。用 --column 指定。"
    ),
    "Parquet needs the package pyarrow: pip install 'diglot[export]'.": (
        "读取 Parquet 需要 pyarrow 包：pip install 'diglot[export]'。"
    ),
    "Feeds need the package feedparser: pip install 'diglot[feeds]'.": (
        "读取订阅源需要 feedparser 包：pip install 'diglot[feeds]'。"
    ),
    "Web archives need the package warcio: pip install 'diglot[warc]'.": (
        "读取网页存档需要 warcio 包：pip install 'diglot[warc]'。"
    ),
    "This XML is neither an RSS nor an Atom feed.": "此 XML 既不是 RSS 也不是 Atom 订阅源。",
    "The feed has no entries.": "订阅源中没有条目。",
    "Item {item} of the feed is not a JSON object.": "订阅源的第 {item} 项不是 JSON 对象。",
    "Item {item} of the feed has a text that is not a string.": "订阅源的第 {item} 项：正文不是字符串。",
    "Item {item} of the feed has no content_html, content_text or summary.": (
        "订阅源的第 {item} 项没有 content_html、content_text 或 summary。"
    ),
    "The archive breaks off or is damaged in the record at byte {offset}: {reason}": (
        "存档不完整或已损坏，位于第 {offset} 字节处的记录：{reason}"
    ),
    "The archive holds no page.": "存档中没有网页。",
    "mcp: the package is not installed; `pip install 'diglot[mcp]'` brings it": (
        "mcp：未安装 mcp 包；运行 `pip install 'diglot[mcp]'` 即可安装"
    ),
    # Pages, PDF and Word files
    "The page redirects more than {most} times.": "页面重定向超过 {most} 次。",
    "The page answers with status {status}.": "页面返回状态码 {status}。",
    "The page was not there within {seconds} seconds.": "页面未能在 {seconds} 秒内取得。",
    "The page can't be fetched ({reason}).": "无法获取页面（{reason}）。",
    "The page has more than {most} bytes.": "页面超过 {most} 字节。",
    "The page is empty.": "页面为空。",
    "The address is not valid.": "地址无效。",
    "Only addresses that begin with http:// or https:// are fetched.": "只获取以 http:// 或 https:// 开头的地址。",
    "An address with a user name or a password is not fetched.": "不获取带有用户名或密码的地址。",
    "{host} is an address of this machine or of a private network; --allow-private fetches it all the same.": (
        "{host} 是本机或内网的地址；如仍要获取，请加 --allow-private。"
    ),
    "The host {host} is not known.": "找不到主机 {host}。",
    "The address holds {type}, which is not read.": "该地址的内容是 {type}，不支持读取。",
    "Standard input has more than {most} bytes.": "标准输入超过 {most} 字节。",
    "Standard input is empty.": "标准输入为空。",
    "Files of the kind {suffix} need a package; `pip install 'diglot[documents]'` brings it.": (
        "读取 {suffix} 文件需要另装软件包；运行 `pip install 'diglot[documents]'` 即可安装。"
    ),
    "The file is nested too deeply.": "文件嵌套层数太多。",
    "The file is damaged ({reason}).": "文件已损坏（{reason}）。",
    "This is not a PDF file.": "不是 PDF 文件。",
    "The PDF is encrypted. Save it without its password.": "PDF 已加密。请去掉密码后另存。",
    "The PDF has {count} pages; at most {most} are read.": "PDF 有 {count} 页，最多读取 {most} 页。",
    "The PDF holds pictures of pages and no text. Run OCR on it first.": "PDF 只有页面图像，没有文字。请先做文字识别 (OCR)。",
    "The file is encrypted, or an old .doc. Save it as .docx, no password.": (
        "文件已加密，或是旧版 .doc。请另存为不带密码的 .docx。"
    ),
    "The file unpacks to more than {most} bytes.": "文件解压后超过 {most} 字节。",
    "The Word file holds no text.": "Word 文件中没有文字。",
    "The file has more than {most} characters.": "文件超过 {most} 个字符。",
    # A remote model
    "engine remote: give the server's address with --remote-url, such as http://127.0.0.1:8080/v1 or https://api.deepseek.com/v1": (
        "engine remote：请用 --remote-url 给出服务器地址，例如 http://127.0.0.1:8080/v1 或 https://api.deepseek.com/v1"
    ),
    "remote-url: the port is not a number up to 65535": "remote-url：端口应是不大于 65535 的数字",
    "remote-url: give an address that begins with http:// or https://": "remote-url：地址应以 http:// 或 https:// 开头",
    "remote-url: the address may hold no user name, key, ? or #; the key belongs in {variable} or in --remote-key-file": (
        "remote-url：地址中不能有用户名、密钥、? 或 #；密钥请放在 {variable} 或 --remote-key-file 中"
    ),
    "remote-url: the server {host} can't be reached ({reason})": "remote-url：无法连接服务器 {host}（{reason}）",
    "remote-url: the server {host} does not take the key (status {status})": (
        "remote-url：服务器 {host} 不接受此密钥（状态码 {status}）"
    ),
    "remote-key-file: {variable} is set too; give the key in one place": (
        "remote-key-file：同时设置了 {variable}，密钥只能在一处给出"
    ),
    "remote-key-file: the file is not UTF-8": "remote-key-file：文件不是 UTF-8 编码",
    "remote-key-file: the file can't be read ({reason})": "remote-key-file：无法读取文件（{reason}）",
    "{place}: the key must be one word of ASCII letters, digits and signs": (
        "{place}：密钥应是由 ASCII 字母、数字和符号组成的一个词"
    ),
    "remote-extra: this is not JSON": "remote-extra：不是合法的 JSON",
    "remote-extra: this is not a JSON object of fields and their values": (
        "remote-extra：应是由字段及其值组成的 JSON 对象"
    ),
    "remote-prices: the file can't be read ({reason})": "remote-prices：无法读取文件（{reason}）",
    "remote-prices: the file is not UTF-8": "remote-prices：文件不是 UTF-8 编码",
    "remote-prices: this is not TOML: {reason}": "remote-prices：不是合法的 TOML：{reason}",
    "remote-prices: {place} is wrong: {reason}": "remote-prices：{place} 有误：{reason}",
    "remote-budget: it needs the prices of the model {model}; {where}": "remote-budget：需要模型 {model} 的价格；{where}",
    "give them with --remote-prices": "请用 --remote-prices 给出",
    "{file} has none": "{file} 中没有",
    "the budget of {limit} {currency} is spent ({spent} so far); what is done is kept. Run it again with a higher --remote-budget to go on": (
        "预算 {limit} {currency} 已用完（已花费 {spent}）；已完成的结果均已保存。提高 --remote-budget 后重新运行即可继续"
    ),
    "model: give the server's name of the model with --model; {known}": "model：请用 --model 给出服务器上的模型名；{known}",
    "the server has {names}": "服务器上有 {names}",
    "the server lists none": "服务器没有列出模型",
    "the account at {host} has no credit left ({status})": "{host} 的账户余额不足（{status}）",
    "{host} does not take the key ({status})": "{host} 不接受此密钥（{status}）",
    "remote-url: the server {host} lists no models there; most addresses end in /v1": (
        "remote-url：服务器 {host} 在该地址没有列出模型；多数地址以 /v1 结尾"
    ),
    "{host} takes no {fields}": "{host} 不接受 {fields}",
    "{host} answered {status}: {text}": "{host} 返回 {status}：{text}",
    "{host} answered {status}": "{host} 返回 {status}",
    "{host} answered {status}, {tries} times": "{host} 返回 {status}，共 {tries} 次",
    "{host} was silent for {seconds} s": "{host} 在 {seconds} 秒内没有回应",
    "{host} broke off ({reason})": "{host} 中断了连接（{reason}）",
    "{host} took too long for its answer": "{host} 的回答超时",
    "was silent for {seconds} s": "在 {seconds} 秒内没有回应",
    "broke off ({reason})": "中断了连接（{reason}）",
    "sent {what}": "发来的内容无效：{what}",
    "took too long for its answer": "回答超时",
    "{host} sent {what}": "{host} 发来的内容无效：{what}",
    "more bytes than an answer can have": "字节数超过回答应有的上限",
    "an answer that breaks off": "回答没有结束就中断了",
    "an answer that is no JSON": "回答不是 JSON",
    "an event that is no JSON": "事件不是 JSON",
    "an event that is not a JSON object": "事件不是 JSON 对象",
    "a completion whose choices are no list of objects": "choices 不是对象列表",
    "a completion whose message is not an object": "message 不是对象",
    "a completion without an answer: its choices are empty": "没有回答，choices 为空",
    "a line that does not end": "有一行没有结尾",
    "{host} broke off by its rules on content": "{host} 因内容规则中断了回答",
    "the passage is too long for the remote model; see --passage-tokens": "文章超出远程模型的长度，参见 --passage-tokens",
    "a request with this id is at work already": "已有相同编号的请求正在处理",
    "the passage is empty": "文章为空",
    "the passage has {size} tokens; the model reads {limit}": "文章有 {size} 个词元，模型一次最多读 {limit} 个",
    "{count} requests are at work": "已有 {count} 个请求正在处理",
    "engine remote: the text of every article leaves this machine, for {host}": "engine remote：每篇文章的文本都会离开本机，发送到 {host}",
    # Input that can't be read
    "The file can't be opened: {reason}.": "无法打开文件：{reason}。",
    "The folder can't be opened.": "无法打开文件夹。",
    "This is no ordinary file.": "不是普通文件。",
    "Files of this kind are not read; these are: {suffixes}.": "不支持这种文件，支持的有：{suffixes}。",
    "The file has {size} bytes; at most {most} are read.": "文件有 {size} 字节，最多读取 {most} 字节。",
    "The file is empty.": "文件为空。",
    "The line has more than {most} bytes.": "此行超过 {most} 字节。",
    "The list of articles is empty.": "文章列表为空。",
    "The JSON is nested too deeply.": "JSON 嵌套层数太多。",
    "This is not valid JSON: {reason} ({where}).": "不是合法的 JSON：{reason}（{where}）。",
    "line {line}, column {column}": "第 {line} 行第 {column} 列",
    "The JSON holds a number that can't be read.": "JSON 中有无法读取的数字。",
    "An article must be a JSON object with a text.": "文章应是带有 text 字段的 JSON 对象。",
    'The JSON object has no "text" that is a string.': "JSON 对象缺少字符串类型的 text 字段。",
    'The "text" is empty.': "text 字段为空。",
    "The text begins like {encoding} but goes on otherwise.": "文本开头像是 {encoding} 编码，后文却不是。",
    "This is not a text: it holds binary content.": "不是文本：含有二进制内容。",
    "The character encoding is not known. Please send UTF-8.": "无法识别字符编码，请使用 UTF-8。",
    "Nothing is left to read once the page's own parts are taken out.": (
        "去除导航、版权声明等页面内容后，没有剩下正文。"
    ),
    "permission denied": "没有权限",
    "no such file or directory": "文件或目录不存在",
    "Permission denied": "没有权限",
    "No such file or directory": "文件或目录不存在",
    "No space left on device": "磁盘已满",
    "File exists": "同名文件已存在",
    "Read-only file system": "文件系统为只读",
    # Options, settings, glossary, prompts
    "at least one language must be asked for: en or zh": "至少要选择一种语言：en 或 zh",
    "at most {most} targets can be asked for": "最多可指定 {most} 个立场对象",
    "a target must have 1 to {longest} characters": "立场对象应为 1 到 {longest} 个字符",
    "There is no setting {name}. {next}": "没有 {name} 这项设置。{next}",
    "Did you mean {near}?": "是否想写 {near}？",
    "docs/operating.md lists them all.": "全部设置见 docs/operating.md。",
    "model: the name is empty. Give a hub id, a folder or a GGUF file, or leave --model and"
    " DIGLOT_MODEL out for the default": (
        "模型名称为空。请给出 hub 上的名称、文件夹或 GGUF 文件；不设置 --model 和 DIGLOT_MODEL 则使用默认模型"
    ),
    "The glossary {name} can't be read: {reason}": "无法读取译名表 {name}：{reason}",
    "{where}: {count} columns; needed are English, Simplified, Traditional and, if wanted, the kind,"
    " separated by tabs": "{where}：有 {count} 列；需要以制表符分隔的英文、简体、繁体三列，类别可选",
    "{name}, line {line}": "{name} 第 {line} 行",
    "{where}: the English name is missing": "{where}：缺少英文名",
    "{where}: {kind} is no kind; kinds are {kinds}": "{where}：没有 {kind} 这个类别，类别有 {kinds}",
    "prompts: there is no folder {name}": "提示词：没有文件夹 {name}",
    "prompts: {name} is no prompt that Diglot asks; it knows {known}": (
        "提示词：{name} 不是 Diglot 使用的提示词文件；可用的有 {known}"
    ),
    "prompts: {name} can't be read as UTF-8 text": "提示词：{name} 不是 UTF-8 文本",
    "prompts: {name} must hold between 1 and {most} characters": "提示词：{name} 应有 1 到 {most} 个字符",
    "prompts: {name} holds the unknown placeholder {placeholder}": "提示词：{name} 含有未知的占位符 {placeholder}",
    "prompts: {name} lacks the placeholder {placeholder}": "提示词：{name} 缺少占位符 {placeholder}",
    "prompts: {name} does not name the label {word}": "提示词：{name} 没有写出标签 {word}",
    "{name} can't be read as UTF-8 text": "{name} 不是 UTF-8 文本",
    "{name} must begin with the columns {columns}": "{name} 的首行应是 {columns} 这些列",
    "{name}: can't read the line {line}": "{name}：无法读取此行：{line}",
    "{name}: the entry {term} is too long": "{name}：词条 {term} 太长",
    # Pairs of `check` and cases of `evaluate`
    "{name} holds no pair": "{name} 中没有可检查的条目",
    "{where}: the text is empty": "{where}：文本为空",
    "{where}: {longest} characters; at most {most} are taken (--max-characters)": (
        "{where}：有 {longest} 个字符，最多 {most} 个（--max-characters）"
    ),
    "{name} holds no case": "{name} 中没有用例",
    "{name}:{line}: {reason}": "{name}:{line}：{reason}",
    "This is not a JSON object; each line must be one.": "不是 JSON 对象；每行应是一个 JSON 对象。",
    "The field {field} {fault}.": "{field} 字段{fault}。",
    "is required": "必须填写",
    "is not known; known are {known}": "未知，已知的有 {known}",
    "has a value that is not allowed": "的值不被接受",
    "must be a string": "应为字符串",
    "must be a list": "应为列表",
    "must be an object": "应为对象",
    "must be true or false": "应为 true 或 false",
    "must be a whole number": "应为整数",
    "must be a number": "应为数字",
    "must be at least {least}": "不能小于 {least}",
    "must be at most {most}": "不能大于 {most}",
    "must be {expected}": "应为 {expected}",
    "must not be empty": "不能为空",
    "must hold at least {least} items": "至少应有 {least} 项",
    "must hold at most {most} items": "最多只能有 {most} 项",
    "must have at most {most} characters": "最多只能有 {most} 个字符",
    "{where}: {reason}": "{where}：{reason}",
    "stances must hold one label for each of targets": "stances 应为每个 targets 各有一个标签",
    "targets must not hold the same text twice": "targets 中不能有重复的内容",
    "stances must hold one label for each of targets.": "stances 应为每个 targets 各有一个标签。",
    "targets must not hold the same text twice.": "targets 中不能有重复的内容。",
    # The model
    "model {name}: {reason}": "模型 {name}：{reason}",
    "{reason}. Is the name right? A folder or a GGUF file can be given instead. `--engine extractive`"
    " works without a model.": (
        "{reason}。名称是否正确？也可以给出文件夹或 GGUF 文件。`--engine extractive` 则不用模型工作。"
    ),
    "No model: {reason}. Digests will be the article's own sentences (engine extractive), and in the"
    " other language only its key facts, not a translation. For written digests fetch the weights"
    " once with `{pull}`, or give --model a folder that holds them, or a GGUF file. `--engine"
    " extractive` silences this warning.": (
        "没有模型：{reason}。摘要将由原文句子组成（extractive 引擎），另一种语言只有要点，不是译文。若要由模型撰写摘要，"
        "请先用 `{pull}` 下载权重，或用 --model 指定模型文件夹或 GGUF 文件。`--engine extractive` 可关闭此警告。"
    ),
    "the weights of {model} are not here, and {reason}": "本机没有 {model} 的权重，且{reason}",
    "the weights are not on this disk, and {reason}": "本机没有权重，且{reason}",
    "a blank digest has no evidence": "空摘要没有依据可言",
    "torch and transformers are not installed": "没有安装 torch 和 transformers",
    "{reason}. `pip install -r requirements.txt`, or the extra `diglot[model]`, brings them."
    " `--engine extractive` works without a model.": (
        "{reason}。可用 `pip install -r requirements.txt` 或附加依赖 `diglot[model]` 安装。"
        "`--engine extractive` 则不用模型工作。"
    ),
    "the hub did not answer within {seconds} seconds": "模型库在 {seconds} 秒内没有响应",
    "the hub can't be reached {way} ({error}); set HTTPS_PROXY where a proxy is needed, or"
    " {variable} to a mirror": (
        "无法连接模型库 {way}（{error}）；需要代理时请设置 HTTPS_PROXY，或用 {variable} 指定镜像"
    ),
    "the hub can't be reached {way} ({error}); set HTTPS_PROXY where a proxy is needed, or"
    " {variable} to a mirror, or take --hub modelscope": (
        "无法连接模型库 {way}（{error}）；需要代理时请设置 HTTPS_PROXY，或用 {variable} 指定镜像，或使用 --hub modelscope"
    ),
    "the hub can't be reached {way} through the proxy {proxy} ({name}) ({error}); set HTTPS_PROXY where"
    " a proxy is needed, or {variable} to a mirror": (
        "无法经代理 {proxy}（{name}）连接模型库 {way}（{error}）；请检查代理地址，或用 {variable} 指定镜像"
    ),
    "the hub can't be reached {way} through the proxy {proxy} ({name}) ({error}); set HTTPS_PROXY where"
    " a proxy is needed, or {variable} to a mirror, or take --hub modelscope": (
        "无法经代理 {proxy}（{name}）连接模型库 {way}（{error}）；请检查代理地址，或用 {variable} 指定镜像，"
        "或使用 --hub modelscope"
    ),
    "at {address} through the proxy {proxy}": "{address}（经代理 {proxy}）",
    "{name} is {value}, which is no address: set {variable}={example}": (
        "{name} 的值 {value} 不是网址：请设置 {variable}={example}"
    ),
    "{variable} names a SOCKS proxy, which needs a package: pip install {package} (or set {name} to an"
    " http:// proxy)": "{variable} 指定了 SOCKS 代理，需要安装：pip install {package}（或把 {name} 设为 http:// 代理）",
    "{variable} names a proxy by {scheme}://; http://, https:// and socks5:// are known": (
        "{variable} 指定的代理使用 {scheme}://；支持的有 http://、https:// 和 socks5://"
    ),
    "it has no chat template. Take an instruction-tuned (chat) model, or give its template with"
    " --chat-template": "没有对话模板。请使用指令微调（对话）模型，或用 --chat-template 给出模板",
    "config.json can't be used ({error})": "config.json 无法使用（{error}）",
    "its header can't be used ({error})": "文件头无法使用（{error}）",
    "its tokenizer can't be loaded ({error})": "无法加载分词器（{error}）",
    "it can't be loaded ({error})": "无法加载（{error}）",
    "not enough memory to load it": "内存不足，无法加载",
    "{count} of its weights are not in the files, first {name}": "文件中缺少 {count} 个权重，第一个是 {name}",
    "{absent} of {count} weight files are missing, first {name}": (
        "{count} 个权重文件中缺少 {absent} 个，第一个是 {name}"
    ),
    "{name} is a Git LFS pointer and not the file itself; run `git lfs pull`": (
        "{name} 是 Git LFS 指针，不是文件本身；请运行 `git lfs pull`"
    ),
    "the folder holds weights as .bin only. A .bin file can run code, so Diglot reads safetensors"
    " alone: convert the model, or take one that comes as safetensors": (
        "文件夹中只有 .bin 权重。.bin 文件可以执行代码，因此 Diglot 只读取 safetensors：请转换模型，或使用提供 safetensors 的模型"
    ),
    "this file is no GGUF file. Give a folder in Hugging Face format, a GGUF file, or a hub id": (
        "这不是 GGUF 文件。请给出 Hugging Face 格式的文件夹、GGUF 文件或模型库中的名称"
    ),
    "at {address}": "（网址为 {address}）",
    "the certificate of the hub {way} is not trusted ({reason}); where a proxy brings its own, set"
    " {variable} to its file": (
        "模型库 {way} 的证书不受信任（{reason}）；代理使用自己的证书时，请把 {variable} 设为该证书文件"
    ),
    "the hub {way} refuses access ({status}): the model is private or does not exist, or {variable}"
    " is wrong": "模型库 {way} 拒绝访问（{status}）：模型未公开或不存在，或 {variable} 有误",
    "the hub {way} was asked too often ({status}); wait some minutes, or set {variable}": (
        "对模型库 {way} 的请求过于频繁（{status}）；请等几分钟，或设置 {variable}"
    ),
    "the hub {way} answers with an error ({status}); try again later, or set {variable} to a mirror": (
        "模型库 {way} 返回错误（{status}）；请稍后再试，或用 {variable} 指定镜像"
    ),
    "{file} was damaged on its way (its hash is not the hub's) and is removed; run it again, or set"
    " HF_ENDPOINT to another mirror": (
        "{file} 在传输中损坏（哈希值与模型库不符），已删除；请重新运行，或用 HF_ENDPOINT 换一个镜像"
    ),
    "a file came in another size than the hub says; run it again, or set HF_ENDPOINT to another"
    " mirror": "文件大小与模型库所示不符；请重新运行，或用 HF_ENDPOINT 换一个镜像",
    "a file was damaged on its way (its size or hash is not the hub's) and is removed; run it again": (
        "文件在传输中损坏（大小或哈希值与模型库不符），已删除；请重新运行"
    ),
    "--hub modelscope needs a package: pip install modelscope-hub": (
        "--hub modelscope 需要安装：pip install modelscope-hub"
    ),
    "its weights need {needed} GiB of memory as {dtype} and {free} GiB are free. Take a smaller model,"
    " the engine remote with a server that holds it, or the extractive engine": (
        "权重以 {dtype} 格式需要 {needed} GiB 内存，可用 {free} GiB。请换用更小的模型，或由其他服务器运行并使用"
        " remote 引擎，或使用 extractive 引擎"
    ),
    "its weights need {needed} GiB of memory as {dtype} and {free} GiB are free. Take a smaller model,"
    " dtype {smaller}, the engine remote with a server that holds it, or the extractive engine": (
        "权重以 {dtype} 格式需要 {needed} GiB 内存，可用 {free} GiB。请换用更小的模型或 dtype {smaller}，"
        "或由其他服务器运行并使用 remote 引擎，或使用 extractive 引擎"
    ),
    "{reason}. No code that comes with a model is run: where transformers does not know it, serve it"
    " with another program and use --engine remote": (
        "{reason}。Diglot 不运行模型自带的代码；transformers 不支持的模型，请用其他程序提供服务并使用 --engine remote"
    ),
    "its weights are quantised as {method}, which Diglot does not read on a CPU. Take the model as"
    " it was before (bfloat16), in FP8 or as a GGUF file, or serve it with another program and use"
    " --engine remote": (
        "权重以 {method} 方式量化，Diglot 在 CPU 上不支持。请使用原始（bfloat16）、FP8 或 GGUF 版本，"
        "或用其他程序提供服务并使用 --engine remote"
    ),
    "HF_HUB_OFFLINE is set": "已设置 HF_HUB_OFFLINE",
    "the hub has no such model, and there is no such folder": "模型库中没有这个模型，也没有这个文件夹",
    "it has no revision {revision}": "它没有版本 {revision}",
    "the hub has no such model, and there is no such folder, or it has no revision {revision}": (
        "模型库中没有这个模型，也没有这个文件夹，或者它没有版本 {revision}"
    ),
    "it is gated: accept its licence on the hub and set HF_TOKEN": "需要授权：请在模型库网页上接受许可协议，并设置 HF_TOKEN",
    "this is neither a hub id nor a folder nor a file": "这既不是模型库中的名称，也不是文件夹或文件",
    "the cache can't be written to; set {variable} to a folder that can": (
        "缓存目录不可写；请把 {variable} 设为可写的目录"
    ),
    "the disk is full; set {variable} to a larger one": "磁盘已满；请把 {variable} 设到更大的磁盘上",
    "there is no such folder": "没有这个文件夹",
    "there is no such file": "没有这个文件",
    "the model has no weights as safetensors": "模型没有 safetensors 格式的权重",
    "the model's weights are GGUF files; download one and give its path as the model": (
        "模型的权重是 GGUF 文件；请下载其中一个，并以其路径作为模型"
    ),
    "the folder has no config.json, so it holds no model in Hugging Face format": (
        "文件夹中没有 config.json，不是 Hugging Face 格式的模型"
    ),
    "the folder has no weights (model.safetensors)": "文件夹中没有权重（model.safetensors）",
    "the folder has no tokenizer (tokenizer.json)": "文件夹中没有分词器（tokenizer.json）",
    "fetching the weights of {model}": "正在下载 {model} 的权重",
    # Keys
    "in use": "使用中",
    "revoked {when}": "已于 {when} 撤销",
    "there is a key {name} already; revoke it first": "已有名为 {name} 的密钥，请先撤销",
    "no key {name} is in use; `keys list` shows them": "没有名为 {name} 的可用密钥；用 `keys list` 查看",
    "a name has 1 to 64 letters, digits, '.', '_', '@' or '-', and begins with a letter or digit": (
        "名称由 1 到 64 个字母、数字、“.”、“_”、“@”或“-”组成，以字母或数字开头"
    ),
    "{path} holds no keys; put its backup back, or move it away and add new keys": (
        "{path} 中没有密钥；请恢复备份，或移走该文件后重新添加密钥"
    ),
    "the keys in {path} can't be read: {reason}": "无法读取 {path} 中的密钥：{reason}",
    "{file} can't be written: {reason}": "无法写入 {file}：{reason}",
    "the folder {folder} does not exist.": "文件夹 {folder} 不存在。",
    "the keys in {path} can't be written: {reason}": "无法写入 {path} 中的密钥：{reason}",
    "no subject of the article is certain, so there is no stance: name a target": (
        "文章没有可以确定的主题，因此没有立场判断：请指定一个对象"
    ),
    # The service
    "Another report is being made. Try again in a few seconds.": "正在生成另一份报告，请过几秒再试。",
    "The process that made this report ended in the middle of it; it may need more memory than there is.": (
        "生成此报告的进程中途结束；可能是内存不足。"
    ),
    "Diglot broke on this report; the log says more.": "生成报告时出错，详情见日志。",
    "can't listen on {host} port {port}: {reason}. Choose another with --host and --port, or"
    " DIGLOT_HOST and DIGLOT_PORT.": (
        "无法监听 {host} 的 {port} 端口：{reason}。请用 --host 和 --port（或 DIGLOT_HOST、DIGLOT_PORT）另选。"
    ),
    "Address already in use": "地址已被占用",
    "{address} is open; loading the engine: {engine}": "{address} 已开始监听，正在加载引擎：{engine}",
    "ready: articles are answered by the engine {engine}": "就绪：由引擎 {engine} 处理文章",
    "draining: nothing more is taken; what was taken is finished": "正在停止：不再接受新请求，已接受的会处理完",
    "stopped": "已停止",
    "stopped; some articles were not finished in time": "已停止；有文章未能及时处理完",
    # Measures
    "Measure": "指标",
    "Value": "数值",
    # click's own
    "Error: {message}": "错误：{message}",
    "Try '{command} --help' for help.": "用“{command} --help”查看帮助。",
    "Missing argument '{name}'.": "缺少参数 {name}。",
    "Missing command.": "缺少命令。",
    "No such command '{name}'.": "没有命令 {name}。",
    "No such command '{name}'. Did you mean {near}?": "没有命令 {name}。是否想写 {near}？",
    "No such option '{name}'.": "没有选项 {name}。",
    "No such option '{name}'. (Did you mean one of: {near}?)": "没有选项 {name}。（是否想写 {near}？）",
    "No such option '{name}'. Did you mean {near}?": "没有选项 {name}。是否想写 {near}？",
    "Option '{name}' requires an argument.": "选项 {name} 需要一个值。",
    "Invalid value for {name} (env var: {variable}): {reason}": "{name}（变量 {variable}）的值有误：{reason}",
    "Invalid value for {name}: {reason}": "{name} 的值有误：{reason}",
    "{given} is not one of {choices}.": "{given} 不在可选值 {choices} 之中。",
    "{given} is not a valid integer range.": "{given} 不是整数。",
    "{given} is not a valid float range.": "{given} 不是数字。",
    "{given} is not a valid integer.": "{given} 不是整数。",
    "{given} is not in the range {range}.": "{given} 不在范围 {range} 之内。",
    "{kind} '{path}' does not exist.": "{path} 不存在。",
}
