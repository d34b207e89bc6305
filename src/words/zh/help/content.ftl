# contenthub content。

help-content-list = 列出内容，新的在前
help-content-list--title = 标题的一部分
help-content-list--account = 仅限以此为自己账号的（名称或编号）
help-content-list--review = 仅限审核状态为 draft、pending_review、approved 或 rejected 的
help-content-create = 创建内容
help-content--body-file = 一个 Markdown 文件；- 表示读取标准输入
help-content-create--body = Markdown 正文
help-content-create--account = 条目没有另外指定时发布到哪里（名称或编号）
help-content-create--tags = 可多次给出
help-content-import = 导入一个 Markdown 文件夹
    .after =
        文件开头可以有两行 --- 之间的元数据，各项均可省略：

            ---
            title: Hello                 # 否则取第一个 `# 标题`，再否则取文件名
            author: Ada
            digest: 一句话的摘要
            cover: https://example.org/cover.png   # 或文件旁的图片：cover.png
            tags: [rust, publishing]     # 或：rust, publishing
            source_url: https://example.org/hello
            account: blog                # 或 `accounts: [blog, news]`；名称或编号
            priority: 1                  # 1（最先）至 10（最后）
            scheduled_at: 2026-02-06 12:00:00   # 按所设的时区，或带时区偏移
            ---

            正文，用 Markdown 书写。

        写有 scheduled_at 的文件放入发布池，给出 --pool 时所有文件都放入：发布到文件指定的账号，否则是 --account，再否则是唯一启用的账号。

        文件以路径引用的图片，例如 ![](photos/a.png)，会与它一同保存：图片须在文件旁边，不得在文件夹之外，通过链接也不行。图片不存在，或不是 20 MiB 以内的 PNG、JPEG、GIF 或 WebP，即视为该文件有错。

        读取文件夹及其子文件夹中所有的 *.md 文件；以点开头的会略去，链接不得指向文件夹之外。写有 `draft: true` 的文件会跳过。博客程序自己写的键（date、layout、slug 等）会忽略并提示；其他未知的键视为错误，因为可能是笔误。

        再次导入是安全的。路径相同，或字节相同的文件，视为同一个文件。改动的文件成为新的一版，仍在等待的条目会自动采用，优先级和 scheduled_at 的改动也一样。已发布的不会再次发布，除非给出 --again。

        要么全部导入，要么都不导入：每个有错的文件都会连同行号列出，什么也不导入；给出 --skip-bad 时，其他文件照常导入。退出码：0 完成，1 失败，2 有错因而什么也没有导入，3 除有错的文件外均已完成。

        示例：
          $
          $
help-content-import--dir = 文件夹
help-content-import--account = 文件没有指定账号时发布到哪里（名称或编号）
help-content-import--pool = 把所有文件放入发布池，而不仅是写有 scheduled_at 的
help-content-import--priority = 文件没有指定时新条目的优先级，1（最先）至 10（最后）[默认：5]
help-content-import--dry-run = 只显示会做什么，不作任何更改
help-content-import--skip-bad = 即使有的文件有错，也导入其他文件
help-content-import--again = 发布之后有改动的再次发布；此前失败或已取消的重新加入
help-content-show = 显示一篇内容
help-content-preview = 以 HTML 显示内容在某个平台上的样子
help-content-preview--platform = 按哪个平台的文章显示
help-content-preview--theme = 样式
help-content-preview--css = 优先于主题的样式表；其中的规则会写进各个元素
help-content-preview--links = 指向微信之外的链接怎样处理：写成编号并在文末列出地址，或保留为链接
help-content-preview--spacing = 是否在中文与西文之间加空格
help-content-preview--fragment = 只输出发送给平台的部分，外面不加网页
help-content-update = 更改内容，形成新的一版
help-content-approve = 批准内容发布
help-content-reject = 拒绝内容
help-content-delete = 移除没有条目在等待的内容
