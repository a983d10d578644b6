using System.Collections.Immutable;

namespace Helios.Sdk;

/// <summary>A token and how likely it was.</summary>
/// <param name="TokenId">The token.</param>
/// <param name="LogProbability">Natural log of its probability.</param>
public readonly record struct TokenLogProbability(int TokenId, float LogProbability);

/// <summary>
/// How likely a generated token was, and which ones were likeliest in its place: by the model's own distribution at the depth
/// that the token left at, before penalties, bias, processors, temperature and cuts.
/// </summary>
/// <param name="LogProbability">Natural log of the token's probability.</param>
/// <param name="Likeliest">The likeliest tokens, likeliest first, as many as were asked for.</param>
public sealed record TokenLogProbabilities(float LogProbability, ImmutableArray<TokenLogProbability> Likeliest);
