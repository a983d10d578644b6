using Helios.Sdk.Tests.Tokenization.Oracle;
using Helios.Sdk.Tokenization.Bpe;

namespace Helios.Sdk.Tests.Tokenization.Bpe;

public class WordCacheTests
{
    [Fact]
    public void What_was_added_last_is_found()
    {
        var cache = new WordCache();
        for (var i = 0; i < 100_000; i++)
        {
            var word = $"w{i}";
            cache.TryGet(word, out var hash, out _).Should().BeFalse();
            cache.Add(word, hash, [i, -i]);
            cache.TryGet(word, out var again, out var ids).Should().BeTrue();
            again.Should().Be(hash);
            ids.ToArray().Should().Equal(i, -i);
        }
    }

    [Fact]
    public void However_many_words_come_some_thousands_are_held()
    {
        var cache = new WordCache();
        foreach (var i in Enumerable.Range(0, 100_000))
        {
            cache.TryGet($"w{i}", out var hash, out _);
            cache.Add($"w{i}", hash, [i]);
        }

        var held = Enumerable.Range(0, 100_000).Where(i => cache.TryGet($"w{i}", out _, out _)).ToList();
        held.Count.Should().BeInRange(8000, 1 << 14);
        held.Should().AllSatisfy(i => IdsOf(cache, $"w{i}").Should().Equal(i));
    }

    [Fact]
    public async Task Threads_that_share_it_never_see_the_ids_of_another_word()
    {
        var cache = new WordCache();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(seed => Task.Run(() =>
        {
            var random = new Random(seed);
            for (var i = 0; i < 200_000; i++)
            {
                var number = random.Next(20_000);
                if (cache.TryGet($"w{number}", out var hash, out var ids)) ids[0].Should().Be(number);
                else cache.Add($"w{number}", hash, [number]);
            }
        })));
    }

    /// <summary>Ids are those of a tokenizer that has met nothing yet.</summary>
    [Theory]
    [InlineData("gpt2")]
    [InlineData("stories260K")]
    public void Ids_do_not_depend_on_what_was_encoded_before(string name)
    {
        var warm = TestTokenizers.Read(OracleJson.AsPublished(name));
        var texts = OracleTexts.Generate(60, seed: 3, longest: 60).ToList();
        foreach (var text in texts) warm.Encode(text);

        var cold = texts.Select(text => TestTokenizers.Read(OracleJson.AsPublished(name)).Encode(text));
        foreach (var (text, ids) in texts.Zip(cold).Take(name == "gpt2" ? 6 : 60)) warm.Encode(text).Should().Equal(ids);
    }

    private static int[] IdsOf(WordCache cache, string word)
    {
        cache.TryGet(word, out _, out var ids);
        return ids.ToArray();
    }
}
