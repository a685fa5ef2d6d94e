//! Who is asking.

use super::texts;

texts! {
    sign_in: "Sign in", "登录";
    sign_up: "Sign up", "注册";
    sign_out: "Sign out", "退出";
    sign_in_title: "Sign in", "登录";
    sign_up_title: "Make an account", "注册账号";
    to_sign_up: "New here? Make an account", "还没有账号？去注册";
    to_sign_in: "Have an account? Sign in", "已有账号？去登录";
    email: "Email", "邮箱";
    password: "Password", "密码";
    password_hint: "8 characters or more", "至少 8 个字符";
    display_name: "Name", "昵称";
    display_name_hint: "As the shop greets you", "用于页面称呼";
    being_checked: "One moment…", "请稍候……";
}
