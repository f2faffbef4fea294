/// Tells the loss of single objects from the loss, or the exchange, of a whole bucket.
///
/// Some bad copies in a page are healed at once. When there are more than a few per cent, the page proves nothing about
/// them any more: a bucket that was emptied, restored from an old backup or put in place of another one by mistake looks
/// just so. Then copies picked at random over the whole location are asked for. Where most of them are there, the store
/// is ours and has lost some: they are healed. Where most are not, nothing is put aside until an operator says so:
/// quarantine would copy the whole location again, and its replaced objects would be deleted from a bucket that may
/// only have been mistaken for another.
package struct LossGuard: Sendable, Hashable {
  /// Up to so many bad copies in a page are never suspicious.
  package var toleratedCopies = 3
  /// Nor are so many of a hundred.
  package var toleratedPercent = 5
  /// How many copies are asked for to tell.
  package var sample = 16

  /// The defaults: more than 3 of a page and more than 5 per cent are suspicious; a sample is of 16.
  package init() {}

  /// Whether so many bad copies of a page say something about the store rather than about them.
  package func isSuspicious(bad: Int, of looked: Int) -> Bool {
    bad > toleratedCopies && bad * 100 > looked * toleratedPercent
  }

  /// Whether the sample shows that the store still is what the catalog knows: at least half of it was found.
  package func isReassuring(found: Int, of asked: Int) -> Bool { asked > 0 && found * 2 >= asked }
}
