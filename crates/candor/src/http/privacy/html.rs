//! HTML as it is written: only literals of ours are markup, and there is no way to write anything
//! else without escaping it.

/// A piece of a page.
#[derive(Debug, Default)]
pub struct Html(String);

/// Attributes of an element.
pub type Attributes<'a> = &'a [(&'static str, &'a str)];

impl Html {
    /// A whole page.
    pub fn document(language: &str, inside: impl FnOnce(&mut Html)) -> String {
        let mut html = Html("<!doctype html>\n".to_owned());
        html.element("html", &[("lang", language)], inside);
        html.0
    }

    /// Text, whatever it holds.
    pub fn text(&mut self, text: &str) {
        escape(text, &mut self.0);
    }

    /// An element and what stands in it.
    pub fn element(
        &mut self,
        name: &'static str,
        attributes: Attributes<'_>,
        inside: impl FnOnce(&mut Html),
    ) {
        self.void(name, attributes);
        inside(self);
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push('>');
    }

    /// An element that holds text alone.
    pub fn line(&mut self, name: &'static str, attributes: Attributes<'_>, text: &str) {
        self.element(name, attributes, |html| html.text(text));
    }

    /// An element in which nothing stands, like `input`.
    pub fn void(&mut self, name: &'static str, attributes: Attributes<'_>) {
        self.0.push('<');
        self.0.push_str(name);
        for (attribute, value) in attributes {
            self.0.push(' ');
            self.0.push_str(attribute);
            self.0.push_str("=\"");
            escape(value, &mut self.0);
            self.0.push('"');
        }
        self.0.push('>');
    }
}

/// Nothing in `text` is markup any more, between tags or in an attribute in quotes.
fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_shown_becomes_markup() {
        for (text, expected) in [
            ("plain, 5 \u{20ac} \u{939}\u{93f}", "plain, 5 \u{20ac} \u{939}\u{93f}"),
            ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
            ("\" onload='x'", "&quot; onload=&#39;x&#39;"),
            ("&lt;&", "&amp;lt;&amp;"),
            ("a\0b\u{1b}c\u{85}", "a\u{fffd}b\u{fffd}c\u{fffd}"),
            ("-->", "--&gt;"),
        ] {
            let mut html = Html::default();
            html.line("p", &[("title", text)], text);
            assert_eq!(html.0, format!("<p title=\"{expected}\">{expected}</p>"));
        }
    }

    #[test]
    fn elements_stand_in_each_other() {
        let page = Html::document("en", |html| {
            html.element("ul", &[], |html| {
                html.line("li", &[], "one");
                html.void("hr", &[("class", "x")]);
            });
        });
        let expected =
            "<!doctype html>\n<html lang=\"en\"><ul><li>one</li><hr class=\"x\"></ul></html>";
        assert_eq!(page, expected);
    }
}
