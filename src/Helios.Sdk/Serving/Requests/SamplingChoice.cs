using System.Runtime.InteropServices;
using Helios.Sdk.Models;

namespace Helios.Sdk.Serving.Requests;

/// <summary>How the tokens of a sequence are sampled on the model it runs on: what its request asks, and what the model recommends of the rest.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct SamplingChoice(float Temperature, int TopK, float TopP, float MinP, float RepetitionPenalty)
{
    /// <summary>Whether tokens are drawn, not chosen.</summary>
    public bool Draws => Temperature > 0;

    /// <param name="asked">What the request says.</param>
    /// <param name="model">What holds where it says nothing.</param>
    public static SamplingChoice Of(SamplingOptions asked, SamplingDefaults model) => new(
        asked.Temperature ?? model.Temperature,
        asked.TopK ?? model.TopK,
        asked.TopP ?? model.TopP,
        asked.MinP ?? model.MinP,
        asked.RepetitionPenalty ?? model.RepetitionPenalty);
}
