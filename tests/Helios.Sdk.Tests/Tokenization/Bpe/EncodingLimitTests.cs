using FsCheck;
using FsCheck.Fluent;
using Helios.Sdk.Tokenization;
using Helios.Sdk.Tokenization.Bpe;

namespace Helios.Sdk.Tests.Tokenization.Bpe;

/// <summary>An encoding that is of no use beyond so many ids ends there.</summary>
public class EncodingLimitTests
{
    private static readonly BpeTokenizer Tokenizer = (BpeTokenizer)TokenizerFiles.Load(TestData.Model("tiny-s"));

    [Fact]
    public void It_says_what_encoding_says_or_nothing_where_that_is_longer() =>
        Prop.ForAll(ArbMap.Default.ArbFor<NonNull<string>>(), Gen.Choose(0, 20).ToArbitrary(), (text, most) =>
        {
            var whole = Tokenizer.Encode(text.Get);
            Tokenizer.EncodeUpTo(most, text.Get, []).Should().Equal(whole.Count > most ? null : whole);
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData('a')]
    [InlineData(' ')]
    [InlineData('\u4e2d')]
    public void A_long_word_that_has_too_many_is_not_merged(char letter)
    {
        var merges = new MergeBuffer { Limit = new EncodingLimit(256, CancellationToken.None) };
        Tokenizer.Encode(new string(letter, 1_000_000), addSpecialTokens: false, merges).Should().BeNull();
        merges.Operations.Should().Be(0);
    }

    [Fact]
    public void Of_many_words_only_the_first_are_merged()
    {
        var merges = new MergeBuffer { Limit = new EncodingLimit(256, CancellationToken.None) };
        Tokenizer.Encode(string.Concat(Enumerable.Repeat("Once upon a time. ", 50_000)), addSpecialTokens: false, merges).Should().BeNull();
        merges.Operations.Should().BeLessThan(10_000);
    }

    [Theory]
    [InlineData("Once upon a time")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void A_cancelled_one_ends(string text)
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        var encode = () => Tokenizer.EncodeUpTo(1000, text, [], cancellationToken: cancelled.Token);
        encode.Should().Throw<OperationCanceledException>();
    }

    [Fact]
    public void A_word_that_takes_long_ends_in_its_middle_when_it_is_cancelled()
    {
        const int Letters = 200_000;
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        var table = new MergeTable();
        table.Set(0, 0, rank: 0, id: 1);
        var merges = new MergeBuffer { Limit = new EncodingLimit(int.MaxValue, cancelled.Token) };
        for (var i = 0; i < Letters; i++) merges.Add(0);

        var merge = () => merges.MergeAll(table);
        merge.Should().Throw<OperationCanceledException>();
        merges.Operations.Should().BeLessThan(Letters);
    }

    [Fact]
    public void What_a_cut_encoding_saw_spoils_no_later_one()
    {
        const string Text = "Unrepeatable wordings";
        Tokenizer.EncodeUpTo(0, Text, []).Should().BeNull();
        var fresh = (BpeTokenizer)TokenizerFiles.Load(TestData.Model("tiny-s"));
        Tokenizer.Encode(Text).Should().Equal(fresh.Encode(Text));
    }

    [Fact]
    public void A_tokenizer_that_does_not_stop_early_says_the_same()
    {
        ITokenizer plain = new Serving.Fakes.FakeTokenizer();
        plain.EncodeUpTo(3, "abc", []).Should().Equal(0, 1, 2);
        plain.EncodeUpTo(2, "abc", []).Should().BeNull();
    }
}
