using FsCheck;
using FsCheck.Fluent;
using Helios.Sdk.Serving.Requests;

namespace Helios.Sdk.Tests.Serving.Requests;

public class TokenCountsTests
{
    [Fact]
    public void Wherever_it_moves_the_counts_are_those_of_the_tokens_so_far()
    {
        var cases =
            from tokens in Gen.ArrayOf(Gen.Choose(0, 9), 40)
            from prompt in Gen.Choose(1, 20)
            from stops in Gen.ListOf(Gen.Choose(0, 40))
            select (tokens, prompt, stops);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(300), Prop.ForAll(cases.ToArbitrary(), drawn =>
        {
            var counts = new TokenCounts(drawn.prompt, capacity: 40);
            foreach (var stop in drawn.stops)
            {
                counts.MoveTo(stop, drawn.tokens);
                var expected = drawn.tokens.Take(stop).Select((token, i) => (token, i)).GroupBy(pair => pair.token)
                    .ToDictionary(group => group.Key, group => new TokenCount(group.Count(), group.Count(pair => pair.i >= drawn.prompt)));
                Read(counts).Should().BeEquivalentTo(expected);
            }
        }));
    }

    private static Dictionary<int, TokenCount> Read(TokenCounts counts)
    {
        var read = new Dictionary<int, TokenCount>();
        foreach (var (token, count) in counts) read.Add(token, count);
        return read;
    }
}
