using Helios.Sdk.Scheduling;
using Helios.Sdk.Tokenization;

namespace Helios.Sdk.Adaptation.Telemetry;

/// <summary>A finished request, kept in memory for scoring: never logged, never written anywhere.</summary>
/// <param name="Id">The request.</param>
/// <param name="Tokens">Prompt and answer.</param>
/// <param name="PromptLength">Tokens of the prompt.</param>
/// <param name="Source">Whose ids they are.</param>
/// <param name="Point">What served it.</param>
internal sealed record FinishedText(RequestId Id, int[] Tokens, int PromptLength, ITokenizer Source, OperatingPoint Point);
