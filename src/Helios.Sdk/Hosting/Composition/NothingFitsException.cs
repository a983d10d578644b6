namespace Helios.Sdk.Hosting.Composition;

/// <summary>No model of the pool can be served within the memory budget: an option that is sound by itself, and wrong beside the models.</summary>
/// <param name="message">What the budget is, and what it would have to be.</param>
internal sealed class NothingFitsException(string message) : ArgumentException(message);
