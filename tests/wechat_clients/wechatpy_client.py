"""Drives the simulated WeChat with wechatpy, which others wrote: whatever it asks and reads is its own.

    wechatpy_client.py URL APPID SECRET FOLDER

FOLDER has cover.jpg and body.png. The switches of the simulator are asked for over HTTP (tests/support/wechat/control.rs).
"""

import pathlib
import sys

import requests
from wechatpy import WeChatClient
from wechatpy.exceptions import APILimitedException, WeChatClientException

URL, APPID, SECRET, FOLDER = sys.argv[1:]
FOLDER = pathlib.Path(FOLDER)
TITLE = "标题 and title"
SOURCE = "https://example.com/wechatpy#ch-1"


class Client(WeChatClient):
    """The address is all that is changed; wechatpy names WeChat's own for tokens in the midst of a method."""

    API_BASE_URL = f"{URL}/cgi-bin/"

    def fetch_access_token(self):
        params = {"grant_type": "client_credential", "appid": self.appid, "secret": self.secret}
        return self._fetch_access_token(url=f"{self.API_BASE_URL}token", params=params)


def switch(command):
    answer = requests.post(f"{URL}/simulator", json=command, timeout=30).json()
    assert answer == {"done": True}, answer


def refused(code, kind, call, *arguments):
    """The client tells of the error in its own way."""
    try:
        call(*arguments)
    except kind as error:
        assert error.errcode == code, error
        return error
    raise AssertionError(f"{call} {arguments} was not refused with {code}")


def article(title, cover, picture):
    return {
        "title": title,
        "author": "作者",
        "digest": "摘要",
        "content": f'<p>正文</p><img src="{picture}">',
        "content_source_url": SOURCE,
        "thumb_media_id": cover,
        "need_open_comment": 1,
    }


def main():
    client = Client(APPID, SECRET, timeout=30)

    with (FOLDER / "cover.jpg").open("rb") as file:
        cover = client.material.add("image", file)
    assert cover["media_id"] and cover["url"].startswith("http://mmbiz.qpic.cn/"), cover
    with (FOLDER / "cover.jpg").open("rb") as file:
        assert client.material.add("thumb", file)["media_id"]
    with (FOLDER / "body.png").open("rb") as file:
        picture = client.media.upload_image(file)
    assert picture.startswith("http://mmbiz.qpic.cn/"), picture
    with (FOLDER / "cover.jpg").open("rb") as file:
        refused(40004, WeChatClientException, client.material.add, "voice", file)

    first = article(TITLE, cover["media_id"], picture)
    media_id = client.draft.add([first])["media_id"]
    shown = client.draft.get(media_id)["news_item"][0]
    for field in ("title", "author", "digest", "content", "content_source_url", "thumb_media_id"):
        assert shown[field] == first[field], (field, shown)
    assert shown["need_open_comment"] == 1, shown
    other = client.draft.add([article("Other", cover["media_id"], picture)])["media_id"]
    assert client.draft.count() == {"total_count": 2}
    listed = client.draft.batchget(0, 20, 1)
    assert (listed["total_count"], listed["item_count"]) == (2, 2), listed
    assert {item["media_id"] for item in listed["item"]} == {media_id, other}, listed
    changed = article("Changed", cover["media_id"], picture)
    assert client.draft.update(media_id, 0, changed)["errcode"] == 0
    assert client.draft.get(media_id)["news_item"][0]["title"] == "Changed"
    assert client.draft.delete(other)["errcode"] == 0
    refused(40007, WeChatClientException, client.draft.get, other)

    publish_id = client.freepublish.submit(media_id)["publish_id"]
    assert client.freepublish.get(publish_id)["publish_status"] == 1
    switch({"forward": {"seconds": 60}})
    status = client.freepublish.get(publish_id)
    assert status["publish_status"] == 0, status
    assert status["article_detail"]["item"][0]["article_url"].startswith("http://mp.weixin.qq.com/"), status
    published = client.freepublish.batchget(0, 20)
    assert published["total_count"] == 1, published
    assert published["item"][0]["article_id"] == status["article_id"], published
    item = client.freepublish.getarticle(status["article_id"])["news_item"][0]
    assert (item["title"], item["content_source_url"], item["is_deleted"]) == ("Changed", SOURCE, False), item
    assert client.freepublish.delete(status["article_id"])["errcode"] == 0
    assert client.freepublish.get(publish_id)["publish_status"] == 5
    assert client.freepublish.batchget(0, 20)["total_count"] == 0

    too_long = article("x" * 33, cover["media_id"], picture)
    refused(45003, WeChatClientException, client.draft.add, [too_long])
    plan = {"interface": "draft/count", "times": 1}
    switch({"fault": plan | {"fault": {"effect": "not_done", "answer": {"refusal": {"code": -1, "message": "system error"}}}}})
    assert "system error rid: " in refused(-1, WeChatClientException, client.draft.count).errmsg
    switch({"quota": {"appid": APPID, "interface": "draft/delete", "times": 1}})
    refused(45009, APILimitedException, client.draft.delete, "whatever")
    switch({"fault": {"interface": "token", "times": 1, "fault": {"effect": "not_done", "answer": "not_in_whitelist"}}})
    error = refused(40164, WeChatClientException, client.fetch_access_token)
    assert "invalid ip 127.0.0.1 " in error.errmsg, error

    # It knows by these codes that it needs another token, fetches one, and asks again.
    for end in ({"revoke_tokens": {"appid": APPID}}, {"forward": {"seconds": 7200}}):
        before = client.access_token
        switch(end)
        assert client.draft.count() == {"total_count": 0}
        assert client.access_token != before
    client.secret = "wrong"
    refused(40125, WeChatClientException, client.fetch_access_token)


main()
