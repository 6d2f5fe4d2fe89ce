// What stands in for the platform's services round the worker: KV with the settings document, and the static
// files, of which there are none.
export default {
  async fetch(request, env) {
    const found = decodeURIComponent(new URL(request.url).pathname) === '/settings:default' && env.SETTINGS_DOCUMENT;
    return found ? new Response(found) : new Response(null, { status: 404 });
  },
};
