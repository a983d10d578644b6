using System.Collections.Immutable;

namespace Helios.Sdk.Lab;

/// <summary>A text scored teacher-forced.</summary>
/// <param name="Tokens">Tokens of the text.</param>
/// <param name="Depths">Score by depth, ascending.</param>
public sealed record SequenceScore(int Tokens, ImmutableArray<DepthScore> Depths);

/// <summary>A text's score at one depth.</summary>
/// <param name="Depth">Layers executed.</param>
/// <param name="NegativeLogLikelihood">Sum of -ln p over every token after the first, in nats.</param>
/// <param name="TopId">Most likely token after the last one.</param>
/// <param name="TopIds">Most likely token after each token.</param>
/// <param name="LogProbabilities">ln p of every token after the first, in order.</param>
public sealed record DepthScore(int Depth, double NegativeLogLikelihood, int TopId, ImmutableArray<int> TopIds, ImmutableArray<float> LogProbabilities);
