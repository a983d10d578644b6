using Helios.Sdk.Models;
using Helios.Sdk.TorchSharp.Model;

namespace Helios.Sdk.TorchSharp.Tests.Model;

public sealed class ActivationsTests
{
    private const long Mebibyte = 1 << 20;

    private static readonly ModelArchitecture Seventy = ShapeCheckpoint.Llama70B;

    [Fact]
    public void A_sequence_and_a_row_are_always_counted_however_small_the_limit()
    {
        var shorter = Seventy with { ContextLength = 1024 };
        var keysAndValues = 2L * Seventy.Stack[0].Attention.KvSize * sizeof(float);
        var mask = Seventy.Stack[0].Attention.Heads / Seventy.Stack[0].Attention.KvHeads * sizeof(float);
        var more = Activations.Bound(Seventy, 1, Mebibyte, fused: true) - Activations.Bound(shorter, 1, Mebibyte, fused: true);
        more.Should().BeGreaterThanOrEqualTo((Seventy.ContextLength - shorter.ContextLength) * (keysAndValues + mask));
    }

    [Fact]
    public void Scores_are_counted_where_they_are_written_down()
    {
        Activations.AttendedBytes(Seventy, fused: true).Should().Be(8 * sizeof(float), "a mask has a row for each query head of a group");
        Activations.AttendedBytes(Seventy, fused: false).Should().Be((8 + 2 * 64) * sizeof(float), "scores, and shares made of them, have one for each query head");
        Activations.Bound(Seventy, 1, Mebibyte, fused: false).Should().BeGreaterThan(Activations.Bound(Seventy, 1, Mebibyte, fused: true));
    }

    [Fact]
    public void The_largest_steps_do_not_overflow()
    {
        var whole = Activations.Bound(Seventy, Seventy.ContextLength, long.MaxValue, fused: false);
        var scores = (long)Seventy.ContextLength * Seventy.ContextLength * Activations.AttendedBytes(Seventy, fused: false);
        whole.Should().BeGreaterThan(scores);
    }
}
