//! A file in a message: an image is shown, everything else is saved when it is pressed.

use super::parts::FILE;
use crate::{
    dom::{El, el, icon},
    panel::Panel,
    text,
};
use shared::file::File;

pub(super) fn file(panel: Panel, file: &File) -> El {
    let number = file.number;
    let (attribute, value) = match file.image {
        Some(_) => ("target", "_blank".into()),
        None => ("download", file.name.clone()),
    };
    let open = move || {
        let value = value.clone();
        let follow = move |url: &str| {
            let link = el("a", "").attr("href", url).attr("rel", "noopener");
            link.attr(attribute, &value).click();
        };
        panel.link(number, Box::new(follow));
    };
    let is_stored = number > 0;
    let row = if is_stored {
        el("button", "file").press(open)
    } else {
        el("div", "file")
    };
    let row = row.attr("title", &file.name);
    if file.image.is_some() {
        return row.child(image(panel, file));
    }
    let words = el("span", "")
        .attr("dir", "auto")
        .children(is_stored.then(|| el("span", "sr").text(text::DOWNLOAD_FILE)))
        .text(&file.name)
        .child(el("small", "").text(&text::size(file.size)));
    row.child(icon(FILE)).child(words)
}

fn image(panel: Panel, file: &File) -> El {
    let image = el("img", "").attr("alt", &file.name).attr("loading", "lazy");
    let (number, shown) = (file.number, image.clone());
    let show = move || {
        let shown = shown.clone();
        let show = move |url: &str| {
            shown.attr("src", url);
        };
        panel.link(number, Box::new(show));
    };
    show();
    // A link that was asked for early may have run out by the time the image comes into view.
    let mut is_first = true;
    image.on("error", move |_| {
        if std::mem::take(&mut is_first) {
            show();
        }
    })
}
