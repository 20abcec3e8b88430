"""The Chinese of the help texts, by their English."""

from functools import cache
from inspect import cleandoc

HELP = {
    "Show the version and exit.": "显示版本号并退出。",
    "Show this message and exit.": "显示本帮助并退出。",
    # Commands
    """Digest files and folders of articles into DIR/digests.jsonl.

    Reads .txt, .md, .html, .json and .jsonl, in UTF-8, GB18030 or Big5, and folders recursively;
    .pdf and .docx where their packages are installed (pip install 'diglot[documents]'). Tables
    (.csv .tsv .parquet), feeds (.rss .atom .xml) and web archives (.warc .warc.gz) are read where
    they are named. In place of a path, - is standard input, and an http(s) address is fetched.

    A second run skips what is done and drops the results of files that no longer exist. Exit
    status: 0 all good, 1 some articles failed (each is in the file with its error), 2 wrong usage,
    130 stopped by Ctrl-C.""": """为文件和文件夹中的文章生成摘要，写入 DIR/digests.jsonl。

    读取 UTF-8、GB18030 或 Big5 编码的 .txt、.md、.html、.json、.jsonl，并逐层读取文件夹；装有相应的包时
    （pip install 'diglot[documents]'）也读取 .pdf 和 .docx。表格（.csv .tsv .parquet）、订阅源（.rss .atom
    .xml）和网页存档（.warc .warc.gz）在直接指定时读取。路径可换成 -（标准输入）或 http(s) 网址。

    再次运行时跳过已完成的文章，并删去已不存在的文件的结果。退出码：0 全部成功；1 部分文章失败（错误写在文件中）；
    2 用法有误；130 被 Ctrl-C 终止。""",
    """Make, list and revoke the API keys of the service.

    Once there is a key, every request for work must carry one. A running service knows at once.""": """创建、列出和吊销服务的 API 密钥。

    一旦有了密钥，每个处理请求都必须带上密钥。正在运行的服务立即生效。""",
    "Make a key for NAME and print it. It is shown this once.": "为 NAME 创建密钥并打印，只显示这一次。",
    "Print every key's name, when it was made, and whether it is in use.": (
        "列出每个密钥的名称、创建时间以及是否有效。"
    ),
    "Refuse the key of NAME from now on.": "从现在起拒绝 NAME 的密钥。",
    """Serve the tools digest and check to an agent (MCP over standard input and output).

    Needs the package mcp (pip install 'diglot[mcp]').""": """向智能体提供 digest 和 check 两个工具（标准输入输出上的 MCP）。

    需要 mcp 包（pip install 'diglot[mcp]'）。""",
    """Measure the model on this machine: articles per hour, rates, memory.

    The articles are random tokens, so the quality of the digests is not measured.""": """测量模型在本机的速度：每小时篇数、速率、内存。

    文章是随机词元，因此不衡量摘要质量。""",
    """Measure digests and stances over CASES.jsonl: ROUGE, faithfulness, purity, F1.

    One JSON object a line: {"text", "title"?, "targets"?, "references"?: {"en"?, "zh"?},
    "stances"?}, one label (favor, against, none) for each target.""": """用 CASES.jsonl 评测摘要与立场：ROUGE、忠实度、语言纯度、F1。

    每行一个 JSON 对象：{"text", "title"?, "targets"?, "references"?: {"en"?, "zh"?},
    "stances"?}，每个对象（target）一个标签（favor、against、none）。""",
    """Judge whether articles bear out digests that were written elsewhere.

    PAIRS.jsonl holds one JSON object a line: {"text", "title"?, "digests": {"en"?, "zh"?}}. The
    verdicts come on stdout, one line of JSON for each, and their totals on stderr. No model is
    needed; one that is named (--model, or --engine transformers) is asked where words don't decide.""": """判断别处写成的摘要是否有原文依据。

    PAIRS.jsonl 每行一个 JSON 对象：{"text", "title"?, "digests": {"en"?, "zh"?}}。判断结果每份一行 JSON，
    写到标准输出，合计写到标准错误。不需要模型；指定了模型（--model 或 --engine transformers）时，凭用词无法
    判断的再问模型。""",
    """Serve over HTTP: POST an article to /summarize.

    A single process holds the model, its threads serve HTTP, and concurrent requests are batched.
    SIGTERM lets what was taken finish first.""": """通过 HTTP 提供服务：向 /summarize 发送文章。

    模型在一个进程中，由其线程响应 HTTP，同时到达的请求合批处理。收到 SIGTERM 时先完成已接收的工作。""",
    "Fetch the model's weights ahead of time.": "预先下载模型权重。",
    """Follow feeds: digest their new articles, and keep the report and the feed current.

    FEEDS are addresses of RSS, Atom or JSON feeds, or OPML files that name some. Pages are fetched
    as robots.txt allows, one a second from a host, and once only. Ends with Ctrl-C; run it again to
    go on.""": """跟踪订阅源：为新文章生成摘要，并更新报告和订阅源。

    FEEDS 是 RSS、Atom 或 JSON Feed 的网址，或列出订阅源的 OPML 文件。网页按 robots.txt 的规定抓取，每个主机
    每秒一页，且只抓取一次。按 Ctrl-C 结束，重新运行即可继续。""",
    # digest
    "Folder for digests.jsonl, one Result a line.": "存放 digests.jsonl 的文件夹，每行一个结果。",
    "Whom or what the stance is toward; may be given again. Default: the main subject.": (
        "立场所针对的人或事，可多次给出。默认：文章主题。"
    ),
    "Which digests: en, zh or en,zh.": "摘要语言：en、zh 或 en,zh。",
    "How long a digest is.": "摘要长度。",
    "Simplified or Traditional characters in the Chinese digest.": "中文摘要用简体（Hans）还是繁体（Hant）。",
    "faithful: the article's own sentences and their checked translation, no paraphrase.": (
        "faithful：只用原文句子及经过核对的译文，不改写。"
    ),
    "Keep a page of several stories together as one.": "含多则报道的页面作为一篇处理。",
    "Go on where the last run stopped, or start over.": "从上次停止处继续，或重新开始。",
    "Keep the results of files that no longer exist.": "保留已不存在的文件的结果。",
    "The column of .csv, .tsv and .parquet files that holds the texts.": (
        ".csv、.tsv 和 .parquet 文件中正文所在的列。"
    ),
    "More files beside digests.jsonl, with commas: csv, xlsx, parquet, md, and feed for an Atom feed."
    " xlsx and parquet need the extra `export`.": (
        "除 digests.jsonl 外另写的文件，用逗号分隔：csv、xlsx、parquet、md，以及 feed（Atom 订阅源）。"
        "xlsx 和 parquet 需要 `export` 附加包。"
    ),
    "Group the articles into stories: DIR/stories.jsonl, and DIR/report.html, a page that needs no"
    " network. Default: for a folder, of up to 20,000 articles.": (
        "把文章归为新闻：DIR/stories.jsonl，以及无需联网的网页 DIR/report.html。默认：文件夹不超过 20,000 篇时生成。"
    ),
    "Where the engines run: here, or on a Ray cluster, for millions of articles; then PATHS and DIR may"
    " be addresses such as s3://bucket/folder, and the results are Parquet partitions. ray needs the"
    " extra `ray`.": (
        "引擎在哪里运行：本机（here），或 Ray 集群（ray，用于数百万篇文章）；后者的 PATHS 和 DIR 可以是"
        " s3://bucket/folder 这样的地址，结果为 Parquet 分区。ray 需要附加依赖 `ray`。"
    ),
    "Address of a Ray cluster that is there already. Default: one of this machine alone.": (
        "已有 Ray 集群的地址。默认：只用本机临时启动一个。"
    ),
    "Engines on the Ray cluster, each with --threads cores. Default: one a GPU; without a model one a"
    " core; else one a node.": (
        "Ray 集群上的引擎个数，每个占 --threads 个核心。默认：每块 GPU 一个；不用模型时每个核心一个；否则每个节点一个。"
    ),
    "Seconds without an answer after which an engine on the Ray cluster is taken to hang and is"
    " replaced; it has up to 64 articles at a time.": (
        "Ray 集群上的引擎多少秒没有应答即视为挂起并被替换；一个引擎同时最多有 64 篇文章。"
    ),
    "Fetch addresses of this machine and of private networks too.": "也抓取本机和内网的地址。",
    "Fetch this machine's and private networks' addresses too.": "也抓取本机和内网的地址。",
    # The model
    "Who writes: a model, or the article's own sentences. auto takes transformers where the weights"
    " are on disk or can be fetched. remote sends every article to the server at --remote-url, and"
    " is never taken by auto.": (
        "由谁撰写：模型，或原文句子。auto 在权重已在磁盘上或可下载时使用 transformers。remote 把每篇文章发送到"
        " --remote-url 的服务器，auto 从不选用它。"
    ),
    "Hub id of the model, or a folder in Hugging Face format, or a GGUF file; for the engine remote"
    " the server's name of it.": (
        "模型库中的模型名，或 Hugging Face 格式的文件夹，或 GGUF 文件；remote 引擎则为服务器上的模型名。"
    ),
    "Hub that a model's id is looked up on; modelscope needs the package modelscope-hub.": (
        "查找模型名的模型库；modelscope 需要 modelscope-hub 包。"
    ),
    "Commit, tag or branch of the model on the hub; pin a commit in production.": (
        "模型在模型库中的提交、标签或分支；生产环境请固定到某个提交。"
    ),
    "File with a chat template (Jinja) to use instead of the model's own.": (
        "对话模板文件（Jinja），用来代替模型自带的模板。"
    ),
    "Where the model runs.": "模型在哪里运行。",
    "Number format of the weights; auto is bfloat16 on a GPU and int8 on a CPU.": (
        "权重的数值格式；auto 在 GPU 上为 bfloat16，在 CPU 上为 int8。"
    ),
    "CPU threads of the model; 0 takes every core.": "模型的 CPU 线程数；0 使用全部核心。",
    "Longest passage that the model reads at once, in tokens.": "模型一次读取的最长段落，以词元计。",
    "Most rows (tasks of articles) that the model writes at once; 0 takes 64 on a CPU and 256"
    " on a GPU.": "模型同时撰写的最多行数（文章的任务数）；0 表示 CPU 上取 64，GPU 上取 256。",
    "About how many tokens are read between two words of the answers that are being written;"
    " in a service, deep in a long text, as many as take the same time. 0 takes 1024 on a CPU,"
    " in a service 512, and 4096 on a GPU.": (
        "撰写中的答案每两个词之间大约读取多少词元；作为服务运行时，在长文的后部为用时相同的词元数。"
        "0 表示 CPU 上取 1024（服务取 512），GPU 上取 4096。"
    ),
    "Whether a GPU's steps are recorded once and replayed (CUDA graphs); off, every operator is"
    " called anew.": "是否录制并重放 GPU 的步骤（CUDA graphs）；关闭时每次重新调用各算子。",
    "How words are chosen: the likeliest, so that answers repeat, or as the model's publisher draws"
    " them.": "如何选词：取可能性最大的词（结果可重复），或按模型发布者的方式抽取。",
    "Where drawing words begins; the same seed draws the same words.": "抽词的随机种子；种子相同，抽出的词相同。",
    "Keeps a digest from repeating its own words; 1 is off. A digest that is asked for again gets at"
    " least 1.1.": "抑制摘要重复自己的用词；1 为关闭。重新要求的摘要至少为 1.1。",
    "Base address of an OpenAI-compatible server, such as http://127.0.0.1:8080/v1; its key is in"
    " DIGLOT_REMOTE_KEY.": (
        "OpenAI 兼容服务器的基础地址，如 http://127.0.0.1:8080/v1；密钥放在 DIGLOT_REMOTE_KEY 中。"
    ),
    "File with the key for the remote server, instead of DIGLOT_REMOTE_KEY.": (
        "存放远程服务器密钥的文件，代替 DIGLOT_REMOTE_KEY。"
    ),
    "Most requests that the remote server is sent at a time.": "同时发往远程服务器的最多请求数。",
    "Seconds without a byte after which a request to the remote server is given up.": (
        "多少秒没有收到数据就放弃对远程服务器的请求。"
    ),
    "How often a request is sent to the remote server before its article fails.": (
        "对远程服务器的请求最多尝试几次，之后该文章失败。"
    ),
    "JSON object of further fields for each request to the remote server; null takes one out.": (
        "每个远程请求附加的字段（JSON 对象）；null 表示去掉该字段。"
    ),
    "File (TOML) with the prices of the remote server's tokens.": "远程服务器词元价格的文件（TOML）。",
    "The most that the remote server may cost, in the currency of the prices; then a run ends.": (
        "远程服务器的费用上限，以价格文件的货币计；达到后运行结束。"
    ),
    "Folder of prompts to use instead of the ones that come with Diglot.": "提示词文件夹，代替 Diglot 自带的提示词。",
    "Glossary of names (TSV) to add to prompts/names.tsv.": "附加到 prompts/names.tsv 的名称表（TSV）。",
    "How much is logged.": "日志的详细程度。",
    "Language of what the terminal shows; auto is that of the locale.": "终端显示的语言；auto 按系统语言。",
    # keys, bench, evaluate, check, watch
    "Folder of the API keys, batches and kept results; made where it is missing.": (
        "存放 API 密钥、批次和保留结果的文件夹；不存在时创建。"
    ),
    "Length of each article.": "每篇文章的长度。",
    "Length of each of its two digests.": "两份摘要各自的长度。",
    "Also write the measures to this file.": "同时把测量结果写入此文件。",
    "Also write the totals to this file.": "同时把合计写入此文件。",
    "Folder for articles.jsonl, digests.jsonl, stories.jsonl, report.html and feed.xml.": (
        "存放 articles.jsonl、digests.jsonl、stories.jsonl、report.html 和 feed.xml 的文件夹。"
    ),
    "The time between two rounds: 90s, 30m, 6h or 1d.": "两轮之间的时间：90s、30m、6h 或 1d。",
    "End after one round.": "一轮后结束。",
    # serve
    "Longest time for one answer, in seconds; over it: 504.": "一次回答的最长时间，以秒计；超过则返回 504。",
    "Longest text that POST /summarize takes, in characters.": "POST /summarize 接收的最长文本，以字符计。",
    "How long the first of a batch waits for others, in milliseconds.": "一批中第一个请求等待其他请求的时间，以毫秒计。",
    "Most articles that wait or are at work; over it: 503.": "等待和处理中的文章数上限；超过则返回 503。",
    "Most tokens of the articles that wait or are at work; over it: 503.": (
        "等待和处理中的文章的词元数上限；超过则返回 503。"
    ),
    "Megabytes of results that are kept, to be answered again; the oldest go. 0 keeps none.": (
        "保留多少兆字节的结果以便再次回答；最旧的先删除。0 不保留。"
    ),
    "Days after its end that a batch is removed; 0 keeps all.": "批次结束多少天后删除；0 全部保留。",
    "Megabytes that all batches may take on the disk, with results; over it: 507. 0: no bound.": (
        "全部批次（含结果）可占用的磁盘兆字节数；超过则返回 507。0 不限。"
    ),
    "Megabytes that the batches of one key may take, with results; over it: 507. 0: no bound.": (
        "一个密钥的批次（含结果）可占用的兆字节数；超过则返回 507。0 不限。"
    ),
    "Whether a kept result is answered to every key; otherwise to the one that asked before.": (
        "保留的结果是否可回答给任何密钥；否则只回答给原来的密钥。"
    ),
    "Who needs an API key: auto, everybody once a key was made; always, everybody.": (
        "谁需要 API 密钥：auto，有了密钥后人人需要；always，人人需要。"
    ),
    "Whether /metrics is answered without a key.": "/metrics 是否无需密钥。",
    "Most requests of one address, such as 600/minute; over it: 429.": (
        "一个地址的请求数上限，如 600/minute；超过则返回 429。"
    ),
    "Most requests with one key, such as 600/minute; over it: 429.": (
        "一个密钥的请求数上限，如 600/minute；超过则返回 429。"
    ),
    "How many proxies in front set X-Forwarded-For; 0 believes nobody.": (
        "前面有几层代理设置 X-Forwarded-For；0 表示一概不信。"
    ),
    "Path below which a proxy shows the service, such as /diglot; X-Forwarded-Prefix of known proxies"
    " says so too.": "代理在哪个路径下提供本服务，如 /diglot；已知代理的 X-Forwarded-Prefix 也会说明。",
    "Names that the service may be called by, such as diglot.example; * allows all. On loopback without"
    " keys it answers to this machine's own names only.": (
        "允许访问本服务的主机名，如 diglot.example；* 全部允许。在本机回环地址上且没有密钥时，只接受本机名称。"
    ),
    "Seconds that an idle connection stays open; longer than a proxy in front keeps its own.": (
        "空闲连接保持的秒数；应比前面的代理更长。"
    ),
    "Address to listen on.": "监听地址。",
    "Port to listen on.": "监听端口。",
    "Threads that serve HTTP; each waits for one answer.": "响应 HTTP 的线程数；每个线程等待一个回答。",
    "Most processes that read long articles, so that nothing else waits for them; of several, one is kept"
    " for articles under 100 KB. One takes about 300 MB from its first article on. 0 reads them in threads.": (
        "读取长文章的进程数上限，使其他请求不必等待；多于一个时，其中一个留给 100 KB 以下的文章。"
        "每个进程从读第一篇文章起约占 300 MB。0 表示在线程中读取。"
    ),
    "Lines for people, or one JSON object a line for programs.": "供人阅读的文本行，或供程序读取的每行一个 JSON 对象。",
}


def in_chinese(text: str | None) -> str | None:
    """The Chinese of a help text, whatever its line breaks; the text itself where there is none."""
    return _by_words().get(" ".join((text or "").split()), text)


@cache
def _by_words() -> dict[str, str]:
    return {" ".join(english.split()): cleandoc(chinese) for english, chinese in HELP.items()}
