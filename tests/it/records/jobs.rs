//! The jobs of docs/JOBS.md, made as they stand there.

use serde_json::Value;

use crate::support::mcp::{McpTools, text};

const JOBS: &str = include_str!("../../../docs/JOBS.md");

/// What somebody asks for, and what it takes.
struct Job {
    title: String,
    steps: Vec<Step>,
    calls: usize,
    bytes: usize,
}

/// A call, and parts of what is read of its answer.
struct Step {
    tool: String,
    arguments: Value,
    reads: Vec<String>,
}

/// `### 1. Title`, a block of calls, and `2 calls, 350 bytes`.
fn jobs() -> Vec<Job> {
    let sections = JOBS.split("\n### ").skip(1);
    sections.map(job).collect()
}

fn job(section: &str) -> Job {
    let title = section.lines().next().unwrap().to_owned();
    let (_, rest) = section.split_once("```calls\n").unwrap_or_else(|| panic!("{title}: no calls"));
    let (block, after) = rest.split_once("```\n").unwrap();
    let mut steps: Vec<Step> = Vec::new();
    for line in block.lines() {
        match line.strip_prefix("=> ") {
            Some(read) => steps.last_mut().unwrap().reads.push(read.to_owned()),
            None => {
                let (tool, arguments) = line.split_once(' ').unwrap();
                let arguments = serde_json::from_str(arguments).unwrap_or_else(|it| panic!("{title}: {it}"));
                steps.push(Step { tool: tool.to_owned(), arguments, reads: Vec::new() });
            }
        }
    }
    let said: Vec<usize> =
        after.lines().next().unwrap().split(' ').filter_map(|word| word.parse().ok()).collect();
    let [calls, bytes] = said.as_slice() else { panic!("{title}: how many calls and bytes?") };
    Job { title, steps, calls: *calls, bytes: *bytes }
}

/// Puts in what earlier calls have answered: `$1.items[0].id`.
fn fill(value: &mut Value, answers: &[Value]) {
    match value {
        Value::String(text) => {
            let Some((call, path)) = text.strip_prefix('$').and_then(|it| it.split_once('.')) else { return };
            let pointer = format!("/{}", path.replace(['.', '['], "/").replace(']', ""));
            let answer = &answers[call.parse::<usize>().unwrap() - 1];
            *value = answer.pointer(&pointer).unwrap_or_else(|| panic!("{text}: not in {answer}")).clone();
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, answers)),
        Value::Object(fields) => fields.values_mut().for_each(|field| fill(field, answers)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_takes_the_calls_and_bytes_that_it_says() {
    let jobs = jobs();
    assert_eq!(jobs.len(), 20);
    let mut wrong = Vec::new();
    for Job { title, steps, calls, bytes } in jobs {
        let app = McpTools::start().await;
        let mut answers = Vec::new();
        let mut read = 0;
        for Step { tool, mut arguments, reads } in steps {
            fill(&mut arguments, &answers);
            let listed = app.tools.iter().any(|listed| listed.name == tool);
            assert!(listed, "{title}: {tool} is not listed by default");
            let result = app.result(&tool, arguments).await;
            let told = text(&result);
            assert_eq!(result.is_error, Some(false), "{title}: {tool}: {told}");
            read += told.len();
            for part in reads {
                if !told.contains(&part) {
                    wrong.push(format!("{title}: {tool} does not tell {part:?}:\n{told}"));
                }
            }
            answers.push(result.structured_content.unwrap_or_default());
        }
        println!("{title}: {} calls, {read} bytes", answers.len());
        // Addresses and ids are not always as long.
        if answers.len() != calls || !(read..read + 100).contains(&bytes) {
            wrong.push(format!("{title}: {} calls and {read} bytes, not {calls} and {bytes}", answers.len()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
