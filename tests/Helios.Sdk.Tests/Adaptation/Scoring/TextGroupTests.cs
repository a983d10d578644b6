using Helios.Sdk.Adaptation.Scoring;

namespace Helios.Sdk.Tests.Adaptation.Scoring;

public class TextGroupTests
{
    [Fact]
    public void Texts_go_together_in_their_order_as_far_as_the_bound_allows_and_longer_ones_alone()
    {
        int[] lengths = [40, 60, 1, 30, 250, 99, 1];

        var groups = TextGroup.Cut(lengths.Select(length => new int[length]), mostTokens: 100);

        groups.Select(group => group.Texts.Select(text => text.Length)).Should().BeEquivalentTo<int[]>(
            [[40, 60], [1, 30], [250], [99, 1]], options => options.WithStrictOrdering());
        groups.Select(group => group.Tokens).Should().Equal(100, 31, 250, 100);
        groups[1].ContextTokens.Should().Be(1 + 30 * 31 / 2);
    }

    [Fact]
    public void A_bound_of_nothing_leaves_every_text_alone() =>
        TextGroup.Cut([[1], [2, 3], [4]], mostTokens: 0).Select(group => group.Tokens).Should().Equal(1, 2, 1);
}
