using FsCheck;
using FsCheck.Fluent;
using Helios.Sdk.Tests.Tokenization.Oracle;
using Helios.Sdk.Tokenization.Bpe;

namespace Helios.Sdk.Tests.Tokenization.Bpe;

public class BpeModelTests
{
    [Fact]
    public void Merges_as_the_definition_says()
    {
        var pair = Gen.Choose(0, 8).Two();
        var cases = pair.ArrayOf().Zip(Gen.Choose(0, 2).ArrayOf());
        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            // Merge number r makes token 3 + r of any two tokens, itself included.
            var table = new MergeTable();
            var ranks = new Dictionary<(int, int), int>();
            foreach (var (left, right) in c.Item1)
            {
                if (!ranks.TryAdd((left, right), ranks.Count)) continue;
                table.Set(left, right, ranks.Count - 1, 3 + ranks.Count - 1);
            }

            var buffer = new MergeBuffer();
            foreach (var symbol in c.Item2) buffer.Add(symbol);
            buffer.MergeAll(table);
            var ids = new List<int>();
            buffer.AppendTo(ids, int.MaxValue);
            return ids.SequenceEqual(MergeSlowly(c.Item2, ranks));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("stories260K")]
    public void Encoding_takes_operations_in_proportion_to_the_text(string name)
    {
        var noise = new Random(1);
        var bytes = new byte[1 << 20];
        noise.NextBytes(bytes);
        var texts = new[]
        {
            new string('a', 1 << 20), new string(' ', 1 << 20), System.Text.Encoding.Latin1.GetString(bytes),
            new string('\n', 1 << 16), new string('\u0301', 1 << 16), string.Concat(Enumerable.Repeat("<|endoftext|", 1 << 13)),
        };

        foreach (var text in texts)
        {
            // Each symbol is merged away once and leaves three candidates at most, and a character has three bytes at most. A tokenizer
            // of its own for each, so that none finds what another one left in the cache.
            var merges = new MergeBuffer();
            var ids = TestTokenizers.Read(OracleJson.AsPublished(name)).Encode(text, addSpecialTokens: false, merges);
            merges.Operations.Should().BeLessThan(9L * text.Length);
            var half = new MergeBuffer();
            TestTokenizers.Read(OracleJson.AsPublished(name)).Encode(text[..(text.Length / 2)], addSpecialTokens: false, half);
            merges.Operations.Should().BeLessThanOrEqualTo((long)(2.1 * half.Operations) + 100);
            TestTokenizers.ByName(name).Decode(ids).Should().Be(text);
        }
    }

    private static List<int> MergeSlowly(IEnumerable<int> symbols, Dictionary<(int, int), int> ranks)
    {
        var word = symbols.ToList();
        while (true)
        {
            var best = Enumerable.Range(0, Math.Max(0, word.Count - 1))
                .Where(i => ranks.ContainsKey((word[i], word[i + 1])))
                .OrderBy(i => ranks[(word[i], word[i + 1])]).ThenBy(i => i)
                .Select(i => (int?)i).FirstOrDefault();
            if (best is not { } at) return word;
            word[at] = 3 + ranks[(word[at], word[at + 1])];
            word.RemoveAt(at + 1);
        }
    }
}
