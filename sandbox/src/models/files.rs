//! Attachments, pictures and reports.

use super::{binary, boolean, char, company, integer, reference_id, selection, text};
use crate::datum::Datum;
use crate::files;
use crate::schema::{Field, Model, Rights};

/// The sizes of a record's picture; none is scaled here, for the demo pictures are small.
pub(super) fn pictures() -> Vec<Field> {
    vec![
        binary("image_1024", "Image 1024").computed(files::picture),
        binary("image_512", "Image 512").computed(files::picture),
        binary("image_256", "Image 256").computed(files::picture),
        binary("image_128", "Image 128").computed(files::picture),
        binary("avatar_128", "Avatar 128").computed(files::avatar).fleeting(),
    ]
}

pub(super) fn models() -> Vec<Model> {
    let kinds = &[("url", "URL"), ("binary", "File")];
    let reports = &[("qweb-html", "HTML"), ("qweb-pdf", "PDF"), ("qweb-text", "Text")];
    vec![
        Model::new(
            "ir.attachment",
            "Attachment",
            vec![
                char("name", "Name").required(),
                text("description", "Description"),
                char("res_model", "Resource Model"),
                reference_id("res_id", "Resource ID", "res_model"),
                char("res_name", "Resource Name").computed(files::document_name).fleeting(),
                // Of what a field holds, which is no file here; nor are contents indexed.
                char("res_field", "Resource Field").readonly(),
                text("index_content", "Indexed Content").readonly(),
                selection("type", "Type", kinds).required().default(Datum::text("binary")),
                char("url", "Url"),
                boolean("public", "Is public document"),
                binary("datas", "File Content (base64)"),
                char("mimetype", "Mime Type").readonly(),
                integer("file_size", "File Size").readonly(),
                char("checksum", "Checksum/SHA1").readonly(),
                char("access_token", "Access Token"),
                company(),
            ],
        )
        .order("id desc")
        .rights(Rights::All)
        .hangs_on("res_id"),
        Model::new(
            "ir.actions.report",
            "Report Action",
            vec![
                char("name", "Action Name").required(),
                char("model", "Model Name").required(),
                char("report_name", "Template Name").required().indexed(),
                selection("report_type", "Report Type", reports).required().default(Datum::text("qweb-pdf")),
                char("print_report_name", "Printed Report Name"),
            ],
        )
        .order("name, id"),
    ]
}
