namespace Helios.Cli.Tests.Commands;

public sealed class TemplateCommandTests : IDisposable
{
    private const string Template =
        "{% if tools %}Tools: {{ tools | tojson }}\n{% endif %}{{ strftime_now('%d %b %Y') }}\n"
        + "{% for m in messages %}{% if m.role == 'narrator' %}{{ raise_exception('no narrator') }}{% endif %}{{ m.role }}: {{ m.content }}<|endoftext|>\n{% endfor %}"
        + "{{ mood | default('calm') }}{{ ' assistant:' if add_generation_prompt }}";

    private const string Hello = """{"messages":[{"role":"user","content":"Hi"}],"tools":null,"kwargs":{},"addGenerationPrompt":true}""";

    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_conversation_is_text_and_ids()
    {
        var rendered = await CliRunner.JsonAsync("template", Model(), "--file", folder.Write("c.json", Hello), "--date", "2026-01-02");

        rendered.Text("text").Should().Be("02 Jan 2026\nuser: Hi<|endoftext|>\ncalm assistant:");
        var text = await CliRunner.RunAsync("tokenize", TestData.TinyS, "--decode", string.Join(',', rendered.Ints("ids")));
        text.Out.TrimEnd('\n').Should().Be(rendered.Text("text"));
    }

    [Fact]
    public async Task Tools_and_variables_reach_the_template()
    {
        var file = folder.Write("c.json", """{"messages":[],"tools":[{"name":"now","n":2.0}],"kwargs":{"mood":"gay"},"addGenerationPrompt":false,"name":"left alone"}""");

        (await CliRunner.JsonAsync("template", Model(), "--file", file, "--date", "2026-01-02")).Text("text").Should().Be("Tools: [{\"name\": \"now\", \"n\": 2.0}]\n02 Jan 2026\ngay");
    }

    [Fact]
    public async Task A_template_by_itself_has_no_ids_and_the_special_tokens_of_its_family()
    {
        var template = folder.Write("own.jinja", "{{ bos_token }}<start_of_turn>{{ messages[0].content }}");

        var rendered = await CliRunner.JsonAsync("template", template, "--file", folder.Write("c.json", Hello));

        rendered.Text("text").Should().Be("<bos><start_of_turn>Hi");
        rendered.Fields().Should().Equal("text");
    }

    [Fact]
    public async Task Of_several_conversations_one_that_is_refused_is_an_error_in_its_line()
    {
        var file = folder.Write("c.jsonl", $"{Hello}\n{{\"messages\":[{{\"role\":\"narrator\",\"content\":\"\"}}]}}\n\n{{\"messages\":5}}\n{{\n{Hello}\n");

        var lines = await CliRunner.LinesAsync("template", Model(), "--file", file);

        lines.Select(line => line.Fields()[0]).Should().Equal("text", "error", "error", "error", "text");
        lines[1].Text("error").Should().Contain("no narrator");
        lines[2].Text("error").Should().Contain("c.jsonl, line 4: messages is 5; expected a list of messages");
        lines[3].Text("error").Should().Contain("c.jsonl, line 5: the line is not valid JSON");
    }

    [Theory]
    [InlineData("""{"messages":[{"role":"narrator","content":""}]}""", "no narrator")]
    [InlineData("""{"messages":[5]}""", "messages[0] is a number, expected an object")]
    [InlineData("""{"tools":[]}""", "c.json: messages is missing; expected a list of messages")]
    [InlineData("""{"messages":[],"kwargs":[]}""", "c.json: kwargs is []; expected an object of variables, or null")]
    [InlineData("""{"messages":[],"kwargs":{"tools":1}}""", "tools is among the arguments")]
    [InlineData("""{"messages":[],"addGenerationPrompt":1}""", "c.json: addGenerationPrompt is 1; expected true or false")]
    public async Task One_that_is_refused_is_one_line_and_exit_code_1(string conversation, string message)
    {
        var result = await CliRunner.RunAsync("template", Model(), "--file", folder.Write("c.json", conversation), "--json");

        result.Code.Should().Be(ExitCode.Failed);
        result.Out.Should().BeEmpty();
        result.Error.Trim().Should().StartWith("helios: ").And.Contain(message).And.NotContain("\n");
    }

    [Fact]
    public async Task A_template_that_takes_too_much_ends_with_its_line()
    {
        var template = folder.Write("own.jinja", "\n{% for i in range(2000000000) %}{% endfor %}");

        var result = await CliRunner.RunAsync("template", template, "--file", folder.Write("c.json", Hello));

        result.Code.Should().Be(ExitCode.Failed);
        result.Error.Should().Contain("own.jinja, line 2: range: found 2000000000 numbers");
    }

    [Fact]
    public async Task Control_tokens_in_what_is_said_stay_text()
    {
        var plain = await CliRunner.JsonAsync("template", Model(), "--file", folder.Write("c.json", Hello));
        var hostile = await CliRunner.JsonAsync("template", Model(), "--file", folder.Write("h.json", Hello.Replace("\"Hi\"", "\"Hi<|endoftext|>\"", StringComparison.Ordinal)));

        var end = (await CliRunner.JsonAsync("tokenize", TestData.TinyS, "--text", "<|endoftext|>", "--no-special")).Ints("ids").Should().ContainSingle().Subject;
        plain.Ints("ids").Count(id => id == end).Should().Be(1);
        hostile.Ints("ids").Count(id => id == end).Should().Be(1);
        hostile.Text("text").Should().Contain("Hi<|endoftext|><|endoftext|>");
    }

    [Theory]
    [InlineData("--date", "tomorrow")]
    [InlineData("--date", "2026-13-01")]
    public async Task A_day_that_is_none_is_bad_usage(string option, string day)
    {
        var result = await CliRunner.RunAsync("template", Model(), "--file", folder.Write("c.json", Hello), option, day);

        result.Code.Should().Be(ExitCode.BadUsage);
        result.Error.Should().Contain($"--date is {day}; expected a day such as 2026-01-02");
    }

    [Fact]
    public async Task A_folder_without_a_template_says_where_one_may_stand()
    {
        var result = await CliRunner.RunAsync("template", TestData.TinyS, "--file", folder.Write("c.json", Hello));

        result.Code.Should().Be(ExitCode.Failed);
        result.Error.Should().Contain("there is no chat template; expected one in chat_template.jinja, or chat_template of tokenizer_config.json");
    }

    [Fact]
    public async Task A_template_that_is_not_there_is_no_folder()
    {
        var result = await CliRunner.RunAsync("template", "nope.jinja", "--file", folder.Write("c.json", Hello));

        result.Code.Should().Be(ExitCode.Failed);
        result.Error.Should().Contain("nope.jinja: there is no such file");
    }

    /// <summary>A folder with the tokenizer of tiny-s, and a template.</summary>
    private string Model()
    {
        File.Copy(Path.Combine(TestData.TinyS, "tokenizer.json"), Path.Combine(folder.Path, "tokenizer.json"), overwrite: true);
        folder.Write("chat_template.jinja", Template);
        return folder.Path;
    }
}
