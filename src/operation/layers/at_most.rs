//! Asks many questions of one kind, but not all at once.

use std::num::NonZeroUsize;

use futures_util::{StreamExt, stream};

/// The answers, in the order of the questions. `most`: how many are asked at the same time.
pub async fn at_most<T>(
    most: NonZeroUsize,
    questions: impl IntoIterator<Item = impl Future<Output = T>>,
) -> Vec<T> {
    stream::iter(questions).buffered(most.get()).collect().await
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn no_more_questions_than_allowed_are_asked_at_the_same_time() {
        let (running, highest) = (Cell::new(0), Cell::new(0));
        let questions = (0..20).map(async |number| {
            running.set(running.get() + 1);
            highest.set(highest.get().max(running.get()));
            tokio::task::yield_now().await;
            running.set(running.get() - 1);
            number
        });
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let answers = runtime.block_on(at_most(NonZeroUsize::new(3).unwrap(), questions));
        assert_eq!((highest.get(), answers), (3, (0..20).collect()));
    }
}
