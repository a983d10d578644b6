namespace Helios.Sdk.Tests.Client;

public class GenerationRequestTests
{
    [Fact]
    public void There_is_one_kind_of_prompt_at_a_time()
    {
        var text = GenerationRequest.FromText("a") with { MaxTokens = 7, Sampling = new() { Temperature = 0.5f } };
        (text.Prompt, text.TokenIds, text.Messages).Should().Be(("a", null, null));

        var ids = text.WithTokens([1, 2]);
        ids.Prompt.Should().BeNull();
        ids.TokenIds.Should().Equal(1, 2);

        var chat = ids.WithMessages([new ChatTurn("user", "hi")]);
        chat.TokenIds.Should().BeNull();
        chat.Messages.Should().Equal(new ChatTurn("user", "hi"));

        chat.WithText("a").Should().Be(text, "options stay what they were");
    }

    [Fact]
    public void Lists_are_copied_when_they_are_given()
    {
        int[] ids = [1, 2];
        ChatTurn[] turns = [new("user", "hi")];
        var (tokens, messages) = (GenerationRequest.FromTokens(ids), GenerationRequest.FromMessages(turns));

        ids[0] = 9;
        turns[0] = new("user", "changed");

        tokens.TokenIds.Should().Equal(1, 2);
        messages.Messages![0].Content.Should().Be("hi");
    }

    [Fact]
    public void A_missing_prompt_is_refused_where_it_is_missing()
    {
        var text = () => GenerationRequest.FromText(null!);
        text.Should().Throw<ArgumentNullException>().WithParameterName("prompt");
        var ids = () => GenerationRequest.FromTokens(null!);
        ids.Should().Throw<ArgumentNullException>().WithParameterName("tokenIds");
        var chat = () => GenerationRequest.FromText("a").WithMessages(null!);
        chat.Should().Throw<ArgumentNullException>().WithParameterName("messages");
    }

    [Fact]
    public void A_request_leaves_sampling_to_the_model_by_default() =>
        GenerationRequest.FromText("a").Sampling.Should().BeSameAs(SamplingOptions.ModelDefaults).And.Be(new SamplingOptions());
}
