//! What a caller is told when a request changes nothing.

use shared::{
    form::FieldError,
    protocol::{ErrorBody, Rejection},
    settings::SettingsError,
};
use std::time::Duration;
use worker::{Response, ResponseBuilder, Result, console_error};

/// Every way in which a request can fail, with one stable code and one plain sentence each.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    #[error("There is nothing at this address.")]
    NotFound,
    #[error("This address takes another method.")]
    MethodNotAllowed,
    #[error("The body is not the JSON that this address takes.")]
    BadBody,
    #[error("The body is larger than this address takes.")]
    BodyTooLarge,
    #[error("There is no site of this name.")]
    UnknownSite,
    #[error("A site's name has 1 to 32 lowercase letters, digits and hyphens.")]
    BadSite,
    #[error("The site has no topic of this name.")]
    UnknownTopic,
    #[error("The start key must be 22 to 64 letters, digits, hyphens or underscores.")]
    BadStartKey,
    #[error("This start key was used for another topic or other answers.")]
    StartKeyReused,
    #[error("Some answers of the form are not accepted.")]
    BadAnswers(Vec<FieldError>),
    #[error("The message is empty or too long.")]
    BadMessage,
    #[error("Nobody answers at this hour.")]
    Closed,
    #[error("The settings break some rules; nothing was saved.")]
    BadSettings(Vec<SettingsError>),
    #[error("The settings have changed since the version that this is based on.")]
    VersionConflict,
    #[error("The site's settings have no version of this number.")]
    UnknownVersion,
    #[error("The token is missing, or it does not open this.")]
    BadToken,
    #[error("The conversation has not been started.")]
    NotStarted,
    #[error("Pages of this origin may not talk to the chat.")]
    BadOrigin,
    #[error("The file is larger than this site takes.")]
    FileTooLarge,
    #[error("This site does not take files of this kind.")]
    FileRefused,
    #[error("The file is no longer to be had.")]
    FileGone,
    #[error("The link is not right, or its time is over.")]
    BadLink,
    #[error("Too much at once. Wait a little and send the same again.")]
    TooFast(Duration),
    #[error("A poll has at most 20 frames.")]
    TooManyFrames,
    #[error("This conversation takes no more files: 100, and 200 MB together.")]
    FilesFull,
    #[error("The file did not come whole, or not in time. Send it again.")]
    UploadBroken,
    #[error("The conversation is over.")]
    Over,
    #[error("The signature does not fit the body.")]
    BadSignature,
    #[error("Something failed on our side; nothing was changed. Try again.")]
    Internal,
}

impl ApiError {
    fn status_and_code(&self) -> (u16, &'static str) {
        match self {
            Self::NotFound => (404, "not_found"),
            Self::MethodNotAllowed => (405, "method_not_allowed"),
            Self::BadBody => (400, "bad_body"),
            Self::BodyTooLarge => (413, "body_too_large"),
            Self::UnknownSite => (404, "unknown_site"),
            Self::BadSite => (422, "bad_site"),
            Self::UnknownTopic => (422, "unknown_topic"),
            Self::BadStartKey => (422, "bad_start_key"),
            Self::StartKeyReused => (409, "start_key_reused"),
            Self::BadAnswers(_) => (422, "bad_answers"),
            Self::BadMessage => (422, "bad_message"),
            Self::Closed => (409, "closed"),
            Self::BadSettings(_) => (422, "bad_settings"),
            Self::VersionConflict => (409, "version_conflict"),
            Self::UnknownVersion => (404, "unknown_version"),
            Self::BadToken => (401, "bad_token"),
            Self::NotStarted => (404, "not_started"),
            Self::BadOrigin => (403, "bad_origin"),
            Self::FileTooLarge => (413, "file_too_large"),
            Self::FileRefused => (415, "file_refused"),
            Self::FileGone => (410, "file_gone"),
            Self::BadLink => (403, "bad_link"),
            Self::TooFast(_) => (429, "too_fast"),
            Self::TooManyFrames => (413, "too_many_frames"),
            Self::FilesFull => (422, "files_full"),
            Self::UploadBroken => (408, "upload_broken"),
            Self::Over => (409, "over"),
            Self::BadSignature => (401, "bad_signature"),
            Self::Internal => (500, "internal"),
        }
    }

    pub(crate) fn response(self) -> Result<Response> {
        let (status, code) = self.status_and_code();
        let message = self.to_string();
        let mut body = ErrorBody {
            code: code.into(),
            message,
            fields: vec![],
            settings: vec![],
        };
        let mut wait = None;
        if let Self::BadAnswers(fields) = self {
            body.fields = fields;
        } else if let Self::BadSettings(settings) = self {
            body.settings = settings;
        } else if let Self::TooFast(time) = self {
            wait = Some(time);
        }
        let mut response = ResponseBuilder::new().with_status(status);
        if let Some(wait) = wait {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            response = response.with_header("retry-after", &seconds.to_string())?;
        }
        response.from_json(&body)
    }
}

/// Of a file, which comes over HTTP.
impl From<Rejection> for ApiError {
    fn from(code: Rejection) -> Self {
        match code {
            Rejection::FileTooLarge => Self::FileTooLarge,
            Rejection::FileRefused | Rejection::Empty => Self::FileRefused,
            Rejection::FilesFull => Self::FilesFull,
            Rejection::TooFast { retry_after_ms } => {
                Self::TooFast(Duration::from_millis(retry_after_ms.into()))
            }
            Rejection::Closed => Self::Over,
            Rejection::IdReused | Rejection::TooLong | Rejection::BadFrame => Self::BadBody,
        }
    }
}

/// The cause stays in the log; the caller learns that it is not their fault.
impl From<worker::Error> for ApiError {
    fn from(error: worker::Error) -> Self {
        console_error!("internal: {error}");
        Self::Internal
    }
}
