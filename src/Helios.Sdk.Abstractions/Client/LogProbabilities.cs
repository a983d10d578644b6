using System.Collections.Immutable;

namespace Helios.Sdk;

/// <summary>A token and its log probability.</summary>
/// <param name="TokenId">The token.</param>
/// <param name="LogProbability">Natural log of its probability.</param>
public readonly record struct TokenLogProbability(int TokenId, float LogProbability);

/// <summary>
/// The log probability of a generated token, and the most likely tokens at its place, by the model's own distribution at the depth
/// where the token left, before penalties, bias, processors, temperature, top-k, top-p and min-p.
/// </summary>
/// <param name="LogProbability">Natural log of the token's probability.</param>
/// <param name="Likeliest">The most likely tokens, in descending order, as many as requested.</param>
public sealed record TokenLogProbabilities(float LogProbability, ImmutableArray<TokenLogProbability> Likeliest);
