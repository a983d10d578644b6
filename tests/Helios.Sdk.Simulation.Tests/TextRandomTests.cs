namespace Helios.Sdk.Simulation.Tests;

/// <summary>What texts are like.</summary>
public class TextRandomTests
{
    private readonly TextRandom texts = new(seed: 7, kinds: 3);

    [Fact]
    public void The_number_of_a_text_is_its_own_and_says_its_kind()
    {
        var numbers = Enumerable.Range(0, 300).Select(id => texts.NumberOf(new ScriptedRequest(id, id % 3, null, 2, 1))).ToList();
        numbers.Should().OnlyHaveUniqueItems();
        numbers.Select(texts.KindOf).Should().Equal(Enumerable.Range(0, 300).Select(id => id % 3));
    }

    [Fact]
    public void A_token_is_as_easy_whenever_it_is_looked_at_and_tokens_of_a_text_are_alike()
    {
        texts.Easiness(5, 9).Should().Be(texts.Easiness(5, 9));
        var pairs = Enumerable.Range(0, 20_000).Select(text => (First: (double)texts.Easiness(text, 3), Second: texts.Easiness(text, 4), Other: texts.Easiness(text + 20_000, 3))).ToList();
        pairs.Average(pair => pair.First).Should().BeApproximately(0, 0.03);
        pairs.Average(pair => pair.First * pair.First).Should().BeApproximately(1, 0.05);
        pairs.Average(pair => pair.First * pair.Second).Should().BeApproximately(0.16, 0.03);
        pairs.Average(pair => pair.First * pair.Other).Should().BeApproximately(0, 0.03);
    }
}
