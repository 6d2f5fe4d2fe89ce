//! One object a site: the shell round what [`crate::site`] stores.

use crate::{error::ApiError, site::versions::Versions};
use worker::{
    DurableObject, Env, Method, Request, RequestInit, Response, Result, State, durable_object,
    wasm_bindgen::JsValue,
};

#[durable_object]
pub struct SiteDo {
    versions: Versions,
}

impl DurableObject for SiteDo {
    fn new(state: State, env: Env) -> Self {
        Self {
            versions: Versions::new(&state, env),
        }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let path = request.path();
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let answer = match parts.as_slice() {
            [site, "settings", rest @ ..] => self.versions.route(site, rest, &mut request).await,
            _ => Err(ApiError::NotFound),
        };
        answer.or_else(ApiError::response)
    }

    async fn alarm(&self) -> Result<Response> {
        self.versions.publish().await?;
        Response::empty()
    }
}

/// `path`: below the site.
pub(crate) async fn ask(
    env: &Env,
    site: &str,
    method: Method,
    path: &str,
    body: Option<String>,
) -> Result<Response> {
    let mut init = RequestInit::new();
    init.with_method(method).with_body(body.map(JsValue::from));
    let request = Request::new_with_init(&format!("https://site/{site}/{path}"), &init)?;
    let stub = env.durable_object("SITE")?.id_from_name(site)?.get_stub()?;
    stub.fetch_with_request(request).await
}
