// Drives the simulated WeChat with node-easywechat, which others wrote: whatever it asks and reads is its own.
//
//     node node_easywechat_client.js URL APPID SECRET FOLDER
//
// FOLDER has cover.jpg and body.png. The switches of the simulator are asked for over HTTP (tests/support/wechat/control.rs).
'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const { OfficialAccount } = require('node-easywechat');

const [url, appid, secret, folder] = process.argv.slice(2);
const SOURCE = 'https://example.com/node-easywechat#ch-1';

function application(more = {}) {
  const app = new OfficialAccount({
    app_id: appid, secret, use_stable_access_token: true, http: { baseURL: `${url}/` }, ...more,
  });
  // Its own cache is a folder on disk that outlives the run.
  app.setCache(new Map());
  return app;
}

async function switched(command) {
  const answer = await fetch(`${url}/simulator`, { method: 'POST', body: JSON.stringify(command) });
  assert.deepEqual(await answer.json(), { done: true });
}

async function main() {
  const app = application();
  const token = await app.getAccessToken().getToken();
  assert.equal(token.length, 512);
  const client = app.getClient();
  const post = async (name, body) => (await client.postJson(`cgi-bin/${name}`, body)).toObject();
  const upload = async (name, file, params) => {
    const sent = client.withFile(path.join(folder, file), 'media').post(`cgi-bin/${name}`, { params });
    return (await sent).toObject();
  };
  const article = (title, cover, picture) => ({
    title, author: '作者', digest: '摘要', content: `<p>正文</p><img src="${picture}">`, content_source_url: SOURCE,
    thumb_media_id: cover, need_open_comment: 1, only_fans_can_comment: 0,
  });

  const cover = await upload('material/add_material', 'cover.jpg', { type: 'image' });
  assert.match(cover.url, /^http:\/\/mmbiz\.qpic\.cn\//);
  const thumb = await upload('material/add_material', 'cover.jpg', { type: 'thumb' });
  const { url: picture } = await upload('media/uploadimg', 'body.png', {});
  assert.match(picture, /^http:\/\/mmbiz\.qpic\.cn\//);

  const first = article('标题 and title', cover.media_id, picture);
  const { media_id } = await post('draft/add', { articles: [first] });
  const shown = (await post('draft/get', { media_id })).news_item[0];
  for (const [field, value] of Object.entries(first)) assert.equal(shown[field], value, field);
  const other = await post('draft/add', { articles: [article('Other', thumb.media_id, picture)] });
  const count = async () => (await client.get('cgi-bin/draft/count')).toObject();
  assert.deepEqual(await count(), { total_count: 2 });
  const listed = await post('draft/batchget', { offset: 0, count: 20, no_content: 1 });
  assert.deepEqual(new Set(listed.item.map((it) => it.media_id)), new Set([media_id, other.media_id]));
  const done = { errcode: 0, errmsg: 'ok' };
  const changed = { media_id, index: 0, articles: article('Changed', cover.media_id, picture) };
  assert.deepEqual(await post('draft/update', changed), done);
  assert.equal((await post('draft/get', { media_id })).news_item[0].title, 'Changed');
  assert.deepEqual(await post('draft/delete', { media_id: other.media_id }), done);

  const { publish_id } = await post('freepublish/submit', { media_id });
  assert.equal((await post('freepublish/get', { publish_id })).publish_status, 1);
  await switched({ forward: { seconds: 60 } });
  const status = await post('freepublish/get', { publish_id });
  assert.equal(status.publish_status, 0);
  const { article_id } = status;
  const published = await post('freepublish/batchget', { offset: 0, count: 20 });
  assert.deepEqual(published.item.map((it) => it.article_id), [article_id]);
  assert.equal((await post('freepublish/getarticle', { article_id })).news_item[0].content_source_url, SOURCE);
  assert.deepEqual(await post('freepublish/delete', { article_id }), done);
  assert.equal((await post('freepublish/get', { publish_id })).publish_status, 5);

  // What it makes of an errcode: `isFailed`, where it was told how to judge, and an Error where it gets no token.
  const failed = await client.postJson('cgi-bin/draft/get', { media_id: other.media_id });
  failed.judgeFailureUsing((response) => (response.toObject().errcode ?? 0) !== 0);
  assert.equal(failed.isFailed(), true);
  assert.equal(failed.toObject().errcode, 40007);
  assert.match(failed.toObject().errmsg, /^invalid media_id rid: /);
  const busy = { effect: 'not_done', answer: { refusal: { code: -1, message: 'system error' } } };
  await switched({ fault: { interface: 'draft/count', times: 1, fault: busy } });
  assert.equal((await count()).errcode, -1);
  await assert.rejects(application({ secret: 'wrong' }).getAccessToken().getToken(), /stable access_token: .*40125/);
  const outside = { effect: 'not_done', answer: 'not_in_whitelist' };
  await switched({ fault: { interface: 'stable_token', times: 1, fault: outside } });
  await assert.rejects(application().getAccessToken().getToken(), /40164.*invalid ip 127\.0\.0\.1 /);

  // Stable tokens stay the same; a forced refresh ends the one before it.
  assert.equal(await app.getAccessToken().getStableAccessToken(), token);
  const forced = await app.getAccessToken().getStableAccessToken(true);
  assert.notEqual(forced, token);
  const withOld = await app.getHttpClient().request('get', 'cgi-bin/draft/count', { params: { access_token: token } });
  assert.equal(withOld.toObject().errcode, 40001);
  assert.deepEqual(await count(), { total_count: 0 });
  const ordinary = application({ use_stable_access_token: false });
  assert.notEqual(await ordinary.getAccessToken().getToken(), forced);
  assert.deepEqual((await ordinary.getClient().get('cgi-bin/draft/count')).toObject(), { total_count: 0 });
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
