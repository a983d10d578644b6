using Helios.ModelBench.Endurance;
using Helios.Sdk;

namespace Helios.ModelBench.Tests.Endurance;

/// <summary>The judge of an endurance run finds what is wrong.</summary>
public sealed class EnduranceWorldTests
{
    private static readonly OperatingPoint Full = new(new LoadTarget("deep", 8));

    [Fact]
    public void The_answer_of_the_script_is_right_and_any_other_is_not()
    {
        using var world = new EnduranceWorld();

        Fault(world, "0.", FinishReason.Stop, end: true).Should().BeNull();
        Fault(world, "0", FinishReason.Length, maxTokens: 1).Should().BeNull();
        Fault(world, "1.", FinishReason.Stop, end: true).Should().Contain("token 0");
        Fault(world, "0", FinishReason.Stop).Should().Contain("ends too early");
        Fault(world, "0", FinishReason.Length, maxTokens: 2).Should().Contain("1 tokens of 2");
        Fault(world, "0", FinishReason.Aborted).Should().Contain("Aborted");
    }

    private static string? Fault(EnduranceWorld world, string answer, FinishReason finish, bool end = false, int maxTokens = 8)
    {
        int[] ids = [.. answer.Select(letter => (int)letter), .. end ? [256] : Array.Empty<int>()];
        var result = new GenerationResult { Text = answer, TokenIds = [.. ids], ExitDepths = [.. ids.Select(_ => 8)], Point = Full, FinishReason = finish, PromptIds = [], CachedPromptTokens = 0, TimeToFirstToken = default, TimePerOutputToken = default };
        return world.Fault(result, "Question 0: a=", maxTokens);
    }
}
