using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Helios.Sdk.Serving.Streaming;
using Helios.Sdk.Tests.Tokenization;
using Helios.Sdk.Tokenization.Bpe;

namespace Helios.Sdk.Tests.Serving.Streaming;

public class DetokenizerTests
{
    [Theory]
    [InlineData("gpt2")]
    [InlineData("tiny-s")]
    [InlineData("stories260K")]
    public void Pieces_together_are_the_whole_text(string name)
    {
        var tokenizer = TestTokenizers.ByName(name);
        Prop.ForAll(Ids(tokenizer).ToArbitrary(), ids =>
        {
            var text = new TokenText(tokenizer, capacity: 16, stripLeadingSpace: tokenizer.StripsLeadingSpace);
            var reader = new Detokenizer(text);
            var pieces = new StringBuilder();
            foreach (var id in ids) pieces.Append(reader.ReadTo(text.Append(id).SafeLength));
            text.Complete();
            pieces.Append(reader.Read());
            return pieces.ToString() == tokenizer.Decode(ids) && reader.Read().Length == 0;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("stories260K")]
    public void Reading_less_often_gives_the_same(string name)
    {
        var tokenizer = TestTokenizers.ByName(name);
        Prop.ForAll(Ids(tokenizer).Zip(Gen.Elements(true, false).ArrayOf(200)).ToArbitrary(), c =>
        {
            var (ids, reads) = c;
            var text = new TokenText(tokenizer, capacity: 16, stripLeadingSpace: tokenizer.StripsLeadingSpace);
            var reader = new Detokenizer(text);
            var pieces = new StringBuilder();
            for (var i = 0; i < ids.Length; i++)
            {
                text.Append(ids[i]);
                if (reads[i % reads.Length]) pieces.Append(reader.Read());
            }

            text.Complete();
            pieces.Append(reader.Read());
            return pieces.ToString() == tokenizer.Decode(ids);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }

    [Fact]
    public void No_half_characters()
    {
        var tokenizer = TestTokenizers.Stories260K;
        var (text, reader) = Start(tokenizer);

        // 🦙 is F0 9F A6 99; then a lone continuation byte, an overlong form, and a tail.
        Show(0xF0).Should().BeEmpty();
        Show(0x9F).Should().BeEmpty();
        Show(0xA6).Should().BeEmpty();
        Show(0x99).Should().Be("🦙");
        Show(0x80).Should().Be("\ufffd", "nothing that follows can mend it");
        Show(0xE4).Should().BeEmpty();
        Show((byte)'a').Should().Be("\ufffda");
        Show(0xC0).Should().Be("\ufffd");
        Show(0xE4).Should().BeEmpty();
        Show(0xBD).Should().BeEmpty();
        text.Complete();
        reader.Read().Should().Be("\ufffd");

        string Show(byte b) => reader.ReadTo(text.Append(3 + b).SafeLength);
    }

    [Fact]
    public void An_answer_keeps_its_leading_space_unless_asked_otherwise()
    {
        var tokenizer = TestTokenizers.Stories260K;
        var ids = tokenizer.Encode("the fox", addSpecialTokens: false);

        All(stripLeadingSpace: false).Should().Be(" the fox");
        All(stripLeadingSpace: true).Should().Be("the fox");

        string All(bool stripLeadingSpace)
        {
            var text = new TokenText(tokenizer, stripLeadingSpace: stripLeadingSpace);
            foreach (var id in ids) text.Append(id);
            text.Complete();
            return new Detokenizer(text).Read();
        }
    }

    [Fact]
    public void A_stop_string_over_several_tokens_is_never_shown()
    {
        var tokenizer = TestTokenizers.TinyS;
        var (text, reader) = Start(tokenizer, "\nQ:", "éx");
        var shown = new StringBuilder();
        var stopped = false;
        foreach (var id in tokenizer.Encode("So it is é!\n\nQ: why?"))
        {
            if (stopped) break;
            var result = text.Append(id);
            stopped = result.Stopped;
            shown.Append(reader.ReadTo(result.SafeLength));
            shown.ToString().Should().NotContain("\n\n");
        }

        stopped.Should().BeTrue();
        text.IsComplete.Should().BeTrue();
        shown.Append(reader.Read());
        shown.ToString().Should().Be("So it is é!\n");
        reader.Read().Should().BeEmpty();
    }

    [Fact]
    public void What_was_held_back_is_shown_when_the_answer_ends()
    {
        var tokenizer = TestTokenizers.TinyS;
        var (text, reader) = Start(tokenizer, "!!!");
        foreach (var id in tokenizer.Encode("No!!")) text.Append(id);
        reader.Read().Should().Be("No");

        text.Complete().Should().Be(4);
        text.Complete().Should().Be(4);
        reader.Read().Should().Be("!!");
        var act = () => text.Append(0);
        act.Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public void Ids_beyond_the_vocabulary_and_special_ones_add_nothing()
    {
        var tokenizer = TestTokenizers.TinyS;
        var (text, reader) = Start(tokenizer);

        text.Append(4093).SafeLength.Should().Be(0);
        text.Append(5000).SafeLength.Should().Be(0);
        reader.Read().Should().BeEmpty();
    }

    [Fact]
    public void Appending_allocates_nothing_within_the_capacity()
    {
        var tokenizer = TestTokenizers.TinyS;
        var ids = tokenizer.Encode(string.Concat(Enumerable.Repeat("Once upon a time. ", 100))).ToArray();
        var text = new TokenText(tokenizer, new StopDetector(StopStrings.Of(["time!"])), capacity: 4096);
        text.Append(ids[0]);

        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var id in ids) text.Append(id);

        GC.GetAllocatedBytesForCurrentThread().Should().Be(before);
    }

    [Fact]
    public async Task A_reader_follows_a_writer_on_another_thread()
    {
        var tokenizer = TestTokenizers.TinyS;
        var whole = string.Concat(Enumerable.Repeat("Once upon a 🦙 in naïve times, 你好. ", 2000));
        var ids = tokenizer.Encode(whole);
        var text = new TokenText(tokenizer, new StopDetector(StopStrings.Of(["never there", "🦙🦙"])), capacity: 16);

        var reading = Task.Run(() =>
        {
            var reader = new Detokenizer(text);
            var shown = new StringBuilder();
            bool last;
            do
            {
                last = text.IsComplete;
                shown.Append(reader.Read());
            }
            while (!last);
            return shown.ToString();
        });
        foreach (var id in ids) text.Append(id);
        text.Complete();

        (await reading).Should().Be(whole);
    }

    private static (TokenText Text, Detokenizer Reader) Start(BpeTokenizer tokenizer, params string[] stops)
    {
        var text = new TokenText(tokenizer, stops.Length == 0 ? null : new StopDetector(StopStrings.Of(stops)));
        return (text, new Detokenizer(text));
    }

    /// <summary>Random ids, among them runs of single bytes, which seldom are characters.</summary>
    private static Gen<int[]> Ids(BpeTokenizer tokenizer)
    {
        var any = Gen.Choose(0, tokenizer.VocabularySize - 1);
        return Gen.OneOf(any, Gen.Choose(0, Math.Min(262, tokenizer.VocabularySize - 1))).ArrayOf();
    }
}
